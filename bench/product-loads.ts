/** The operations as a client of the API sends them, over connections that stay open. */
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import type { Demo } from "../functions/local/demo.ts";
import type { Loads } from "./load.ts";
import { customerIdOf, emailOf, newBody, randomIndex } from "./population.ts";

/** Pages that are asked for: as many as 1,000 customers have. */
const pages = 20;

export function productLoads({ baseUrl, liveKey }: Demo, customers: number): Loads {
  const { send, reconnect } = senderTo(baseUrl, liveKey);
  const cursors: string[] = [];
  const create = (headers: Record<string, string>) => send(201, "POST", "/v1/customers", newBody(), headers);
  const pathOf = (connection: number, connections: number) => `/v1/customers/${customerIdOf(randomIndex(customers, connection, connections))}`;
  const list = (cursor: string | undefined) => send(200, "GET", `/v1/customers?limit=50${cursor ? `&cursor=${cursor}` : ""}`);
  const loads: Loads = {
    "get by id": { call: (connection, connections) => send(200, "GET", pathOf(connection, connections)) },
    "get by identity": {
      call: (connection, connections) => send(200, "GET", `/v1/customers/by/email/${emailOf(randomIndex(customers, connection, connections))}`),
    },
    create: { call: () => create({}) },
    "create, with key": { call: () => create({ "idempotency-key": randomUUID() }) },
    update: { call: (connection, connections) => send(200, "PATCH", pathOf(connection, connections), { displayName: `Ada ${randomUUID()}` }) },
    "list of 50": {
      async prepare() {
        while (cursors.length < pages - 1) cursors.push((JSON.parse(await list(cursors.at(-1))) as { nextCursor: string }).nextCursor);
      },
      call: () => list(cursors[Math.floor(Math.random() * pages)]),
    },
  };
  for (const load of Object.values(loads)) {
    const { prepare } = load;
    load.prepare = async () => {
      reconnect();
      await prepare?.();
    };
  }
  return loads;
}

export function senderTo(baseUrl: string, key: string) {
  const { hostname, port } = new URL(baseUrl);
  let agent = new Agent({ keepAlive: true });
  /** The product was halted since the last job: its connections have been idle for long. */
  const reconnect = () => {
    agent.destroy();
    agent = new Agent({ keepAlive: true });
  };
  /** Sends one request; resolves to the body when the status is the expected one. */
  const send = (status: number, method: string, path: string, body?: object, more: Record<string, string> = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const text = body && JSON.stringify(body);
      const content = text === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
      const headers = { authorization: `Bearer ${key}`, ...content, ...more };
      const call = request({ agent, hostname, port, method, path, headers }, (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          answer += chunk;
        });
        response.on("end", () => (response.statusCode === status ? resolve(answer) : reject(new Error(`${method} ${path}: ${response.statusCode} ${answer}`))));
        response.on("error", reject);
      });
      // The product ends connections that were idle for long, perhaps just when one is used again: then it has not seen the request.
      const again = (error: NodeJS.ErrnoException) =>
        call.reusedSocket && error.code === "ECONNRESET" ? send(status, method, path, body, more).then(resolve, reject) : reject(error);
      call.on("error", again).end(text);
    });
  return { send, reconnect };
}
