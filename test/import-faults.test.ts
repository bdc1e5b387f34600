/** An import that is killed, and one whose server loses answers: every row is loaded once all the same. */
import { spawn } from "node:child_process";
import { appendFileSync, readdirSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { baseUrl, call, eventually, newTenant } from "./clientele.ts";
import { folderOf, importOf, mapped, program, reportOf, run, total, touchpointsOf, write, written } from "./importer.ts";

/** Three rows for each customer; rows 100, 600 and 1,100 are bad. */
const orders = Array.from({ length: 1_150 }, (_, index) => `c-${Math.floor(index / 3)},${index % 500 === 100 ? "much" : `${index}.05`}`);
const ordersFile = write(["customer,paid", ...orders].join("\n"), "csv");
const ordersMapping = mapped({
  identity: { type: "external_id", value: "{customer}" },
  event: {
    type: "purchase",
    channel: "web",
    occurredAt: "2026-07-01T12:00:00Z",
    amount: { from: "{paid}", as: "money", currency: "EUR" },
    dedupeId: "order-{line}",
  },
});
const everyOrderOnce = {
  customers: 384,
  purchases: 1_147,
  cents: orders.reduce((sum, row) => sum + (row.endsWith("much") ? 0 : Number((row.split(",")[1] as string).replace(".", ""))), 0),
};
const badLines = ["102", "602", "1102"];

test("an import that is killed goes on where it stopped, and loads and reports every row once", { timeout: 240_000 }, async () => {
  const { live } = await newTenant();
  const args = importOf(live, ordersFile, ordersMapping, "--concurrency", "1");
  const first = spawn(process.execPath, [...program, ...args], { stdio: "ignore" });
  const killed = new Promise((resolve) => first.once("exit", (_, signal) => resolve(signal)));
  // Beyond the first checkpoint: these rows will be sent twice.
  await eventually(async () => (await call(live, "GET", "/v1/customers/by/external_id/c-240")).status === 200, 120_000);
  first.kill("SIGKILL");
  expect(await killed).toBe("SIGKILL");
  expect(JSON.parse(written(args, ".state.json"))).toMatchObject({ linesDone: 501, finished: false });
  // As if it had been killed between the report and the checkpoint.
  appendFileSync(
    join(folderOf(args), readdirSync(folderOf(args)).find((name) => name.endsWith(".refused.csv")) as string),
    "602,paid,/event/amount,not_a_number,x,x\n",
  );

  const second = await run(...args);
  expect(second.out).toContain("Going on after line 501.");
  expect(second.code).toBe(2);
  expect(total(await touchpointsOf(live))).toEqual(everyOrderOnce);
  expect(reportOf(args).map(({ line }) => line)).toEqual(badLines);
});

/** Stands before the server and spoils the first answer to every body: by turns it is lost after the work was done, or an overload. */
async function unreliable(): Promise<{ url: string; close(): void }> {
  const seen = new Set<string>();
  const forward: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const isNew = body !== "" && !seen.has(body);
    seen.add(body);
    if (isNew && seen.size % 2 === 0) {
      response.writeHead(503, { "content-type": "application/problem+json" }).end('{"status":503,"code":"service_unavailable","title":"Overloaded."}');
      return;
    }
    const headers = { authorization: request.headers.authorization as string, "content-type": "application/json" };
    const answer = await fetch(baseUrl + request.url, { method: request.method, headers, ...(body && { body }) });
    if (isNew) request.socket.destroy();
    else response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") as string }).end(await answer.text());
  };
  const server = createServer(forward);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test("lost answers and an overloaded server delay an import and change nothing in its result", { timeout: 240_000 }, async () => {
  const { live } = await newTenant();
  const proxy = await unreliable();
  const args = importOf(live, ordersFile, ordersMapping, "--url", proxy.url);
  expect(await run(...args)).toMatchObject({ code: 2 });
  proxy.close();
  expect(total(await touchpointsOf(live))).toEqual(everyOrderOnce);
  expect(reportOf(args).map(({ line }) => line)).toEqual(badLines);
});
