/** Faults of the database, made on the wire: the product, the SDK and what the SDK makes of an answer are the real ones. */
import { setTimeout as delay } from "node:timers/promises";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";
import type { Json } from "./clientele.ts";

/** What becomes of one request: `send` passes it on and answers what the database did. */
export type Fault = (request: Json, send: () => Promise<Json>) => Promise<Json>;
export type Target = {
  /** The request's name, such as GetItem; every write when absent. */
  request?: string;
  /** The request must name this: part of a key, or of a document. */
  about: string | RegExp;
  /** How many requests are hit, retries of the SDK included; all of them by default. */
  times?: number;
};

export type Injected = Disposable & { readonly hits: number; stop(): void };

const writes = new Set(["PutItem", "DeleteItem", "TransactWriteItems"]);
let faults = 0;

/** Hits requests to the database until `stop` is called or, with `using`, the test ends. `hits` counts them. */
export function inject({ request: wanted, about, times = Number.POSITIVE_INFINITY }: Target, fault: Fault): Injected {
  const name = `fault-${(faults += 1)}`;
  let hits = 0;
  let stopped = false;
  const stop = () => {
    if (!stopped) dynamodb().middlewareStack.remove(name);
    stopped = true;
  };
  const isMeant = (request: string, input: string) =>
    (wanted ? request === wanted : writes.has(request)) && (typeof about === "string" ? input.includes(about) : about.test(input));
  dynamodb().middlewareStack.add(
    (next, context) => async (args) => {
      const request = String((context as { commandName?: string }).commandName).replace(/Command$/, "");
      if (stopped || hits >= times || !isMeant(request, JSON.stringify(args.input))) return next(args);
      hits += 1;
      return (await fault(args.input, async () => next(args))) as Awaited<ReturnType<typeof next>>;
    },
    // Nearest to the network: inside the SDK's retries, and before it reads the answer.
    { step: "deserialize", priority: "low", name },
  );
  return {
    get hits() {
      return hits;
    },
    stop,
    [Symbol.dispose]: stop,
  };
}

const response = (statusCode: number, body: object) => ({
  response: { statusCode, headers: { "content-type": "application/x-amz-json-1.0" }, body: Buffer.from(JSON.stringify(body)) },
});
async function readAll({ response: { body } }: Json): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
const networkError = (code: string, message: string) => Object.assign(new Error(message), { code });

/** The request arrives and is done; its answer does not come back. */
export const answerLost: Fault = async (_, send) => {
  // Read to its end, or the connection would never be free again.
  await readAll(await send());
  throw networkError("ECONNRESET", "socket hang up");
};
/** The request arrives when whoever sent it has given up and perhaps asked again; `arrivals` end when it is done with. */
export const arrivesLate =
  (milliseconds: number, arrivals: Promise<unknown>[]): Fault =>
  async (_, send) => {
    const arrival = delay(milliseconds).then(async () => readAll(await send()));
    arrivals.push(arrival.catch(() => {}));
    throw networkError("ETIMEDOUT", "request timed out");
  };
/** The request does not arrive, for the reason that this code of Node's names. */
export const notSent =
  (code: string): Fault =>
  async () => {
    throw networkError(code, `connect ${code} 127.0.0.1:8000`);
  };
export const unreachable = notSent("ECONNREFUSED");
/** DynamoDB answers this, whatever it holds. */
export const answered =
  (body: object): Fault =>
  async () =>
    response(200, body);
/** DynamoDB refuses the request with an error of this name. */
export const refused =
  (name: string, { status = 400, message = "Refused." } = {}): Fault =>
  async () =>
    response(status, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message });
/** DynamoDB cancels the transaction for this reason, given by its last write. */
export const cancelled =
  (code: string, message = "Refused."): Fault =>
  async ({ TransactItems }) => {
    const reasons = TransactItems.map((_: unknown, index: number) =>
      index === TransactItems.length - 1 ? { Code: code, Message: message } : { Code: "None" },
    );
    return response(400, { __type: "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", message: "Cancelled.", CancellationReasons: reasons });
  };

const unprocessed = (input: Json, keys: Json[]) => {
  const [[table, request]] = Object.entries<Json>(input.RequestItems) as [[string, Json]];
  return keys.length > 0 ? { [table]: { ...request, Keys: keys } } : {};
};
/** BatchGetItem reads nothing, and says so. */
export const nothingRead: Fault = async (input) =>
  response(200, { Responses: {}, UnprocessedKeys: unprocessed(input, Object.values<Json>(input.RequestItems)[0].Keys) });
/** BatchGetItem reads the first key only, and says so. */
export const firstKeyRead: Fault = async (input, send) => {
  const [table, { Keys }] = Object.entries<Json>(input.RequestItems)[0] as [string, Json];
  const found: Json[] = JSON.parse(await readAll(await send())).Responses[table];
  const first = found.filter(({ pk, sk }) => pk.S === Keys[0].pk.S && sk.S === Keys[0].sk.S);
  return response(200, { Responses: { [table]: first }, UnprocessedKeys: unprocessed(input, Keys.slice(1)) });
};
