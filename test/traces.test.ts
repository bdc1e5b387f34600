/** A sampled invocation of a bundled Lambda arrives in parts at the X-Ray daemon; what is not sampled pays nothing for it. */
import { createSocket } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { bundle, gatewayEvent, inLambda } from "./lambda.ts";

const root = "1-5759e988-bd862e3fe1be46a994272793";
const parent = "53995c3f42cd8ad8";
const sampled = `Root=${root};Parent=${parent};Sampled=1`;
const unsampled = `Root=1-5759e989-bd862e3fe1be46a994272794;Parent=53995c3f42cd8ad9;Sampled=0`;

const daemon = createSocket("udp4");
const arrived: Json[] = [];
let address: string;
let tenant: TenantKeys;
let file: string;
beforeAll(async () => {
  // A header line, then the segment.
  daemon.on("message", (message) => arrived.push(JSON.parse(message.toString().split("\n")[1] ?? "")));
  await new Promise<void>((resolve) => daemon.bind(0, "127.0.0.1", resolve));
  address = `127.0.0.1:${daemon.address().port}`;
  tenant = await newTenant();
  file = await bundle("functions/customers.ts");
});
afterAll(() => daemon.close());

let customers = 0;
const create = () => {
  const identities = [{ type: "email", value: `ada-${(customers += 1)}@example.com` }];
  return gatewayEvent({ route: "POST /v1/customers", key: tenant.test, body: { displayName: "Ada Lovelace", identities } });
};

/** Calls the handler once under each trace header; the answer is the files that were loaded up to each call's end. */
async function loadedAfter(headers: readonly string[]): Promise<string[][]> {
  const { answers, lines } = await inLambda(
    `import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    const { handler } = await import(${JSON.stringify(file)});
    const answers = [];
    for (const [header, event] of ${JSON.stringify(headers.map((header) => [header, create()]))}) {
      process.env._X_AMZN_TRACE_ID = header;
      const { statusCode } = await handler(event, {});
      answers.push({ statusCode, loaded: loaded.filter((url) => url.startsWith("file:")) });
    }
    tell(answers);`,
    { AWS_XRAY_DAEMON_ADDRESS: address, AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR" },
  );
  expect([answers.map(({ statusCode }: Json) => statusCode), lines.length]).toEqual([headers.map(() => 201), headers.length]);
  return answers.map(({ loaded }: Json) => loaded);
}

const namesIn = (segment: Json): string[] => [segment.name, ...(segment.subsegments ?? []).flatMap(namesIn)];

test("a sampled request arrives as a part of Lambda's own segment, with its calls of DynamoDB, and without what was sent", async () => {
  arrived.length = 0;
  await loadedAfter([unsampled, sampled]);
  await delay(100);
  const request = arrived.find(({ name }) => name === "createCustomer");
  expect(request).toMatchObject({ type: "subsegment", trace_id: root, parent_id: parent });
  expect(request.annotations).toEqual({ operation: "createCustomer", tenantClass: "test", requestId: "req_1", tenantId: tenant.tenantId });
  const calls = arrived.filter(({ name }) => name === "DynamoDB");
  expect(calls.map(({ trace_id: trace, parent_id: of, aws }) => [trace, of, aws.operation])).toContainEqual([root, request.id, "TransactWriteItems"]);
  for (const value of ["Ada", "ada-", tenant.test]) expect(JSON.stringify(arrived)).not.toContain(value);
});

test("a cold start does not wait for the tracer, though it is sampled", async () => {
  const [coldStart, next] = (await loadedAfter([sampled, sampled])) as [string[], string[]];
  expect(next.length).toBeGreaterThan(coldStart.length);
});

test("without sampling nothing of the tracer is loaded or sent", async () => {
  arrived.length = 0;
  const [atFirst, onceSampled, afterwards] = (await loadedAfter([unsampled, sampled, unsampled])) as [string[], string[], string[]];
  await delay(100);
  expect(onceSampled.length).toBeGreaterThan(atFirst.length);
  expect(afterwards).toEqual(onceSampled);
  expect(new Set(arrived.map(({ trace_id: trace }) => trace))).toEqual(new Set([root]));
  expect(arrived.flatMap(namesIn).filter((name) => name === "createCustomer")).toHaveLength(1);
});
