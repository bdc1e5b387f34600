/** A process that takes webhooks and notes how long after its event each first one came: `node bench/webhook-receiver.ts`. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** `latencies` in milliseconds, of the first request of each event at each path. */
export type Received = { readonly latencies: number[]; readonly requests: number; readonly firstAt: number; readonly lastAt: number };

const createdAt = /"createdAt":"([^"]+)"/;
const isNew = new Set<string>();
let received = { latencies: [] as number[], requests: 0, firstAt: 0, lastAt: 0 };

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => (body += text));
  request.on("end", () => {
    const now = Date.now();
    response.writeHead(204).end();
    received.requests += 1;
    received.firstAt ||= now;
    received.lastAt = now;
    const name = `${request.url} ${request.headers["webhook-id"]}`;
    if (isNew.has(name)) return;
    isNew.add(name);
    received.latencies.push(now - Date.parse(createdAt.exec(body)?.[1] ?? ""));
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("message", (ask: "count" | "take") => {
  process.send?.(ask === "count" ? received.latencies.length : received);
  if (ask === "take") received = { latencies: [], requests: 0, firstAt: 0, lastAt: 0 };
});
