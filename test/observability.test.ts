/** What a deployment tells of itself in its log: seen from bundled Lambdas in processes of their own. */
import { beforeAll, describe, expect, test } from "vitest";
import { platformTenantId } from "../domain/tenants/model.ts";
import { creationOf, newDelivery } from "../domain/webhooks/delivery-round.ts";
import { tenantClassOf } from "../functions/shell/request-log.ts";
import { openTable } from "../functions/shell/table.ts";
import { type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { startDenyingAws } from "./denying-aws.ts";
import { bundle, gatewayEvent, inLambda, invoke, type Run } from "./lambda.ts";
import { startReceiver } from "./receiver.ts";
import { customersCreated, endpointAt } from "./webhook-log.ts";

let tenant: TenantKeys;
let customers: string;
beforeAll(async () => {
  tenant = await newTenant();
  customers = await bundle("functions/customers.ts");
});

const secretBody = { displayName: "Ada Lovelace", identities: [{ type: "email", value: "ada@example.com" }] };
const create = (key: string, headers: Record<string, string> = {}, body: object = secretBody) =>
  gatewayEvent({ route: "POST /v1/customers", key, body, headers });
const read = (key: string | undefined, customerId: string) =>
  gatewayEvent({ route: "GET /v1/customers/{customerId}", ...(key && { key }), path: `/v1/customers/${customerId}` }, { customerId });

/** New customers each time; the second item is refused. */
let batches = 0;
function batch() {
  batches += 1;
  const items = ["One", 2, "Three"].map((displayName) => ({
    identity: { type: "external_id", value: `${batches}-${displayName}` },
    customer: { displayName },
  }));
  return gatewayEvent({ route: "POST /v1/customers/batch", key: tenant.live, body: { items } });
}

const isMetric = (line: Json) => line._aws !== undefined;
const requests = ({ lines }: Run) => lines.filter((line) => isMetric(line) && "Latency" in line);
const counted = ({ lines }: Run, metric: string) => lines.filter((line) => isMetric(line) && metric in line).map((line) => line[metric]);
const logged = ({ lines }: Run) => lines.filter((line) => !isMetric(line));

describe("a request", () => {
  test("leaves one line: the metrics of its operation and class, and ids and codes, but nothing that was sent or is secret", async () => {
    const created = create(tenant.test, { "idempotency-key": "only-the-client-knows", "user-agent": "Till/9" });
    const run = await invoke(customers, [created, created], {
      POWERTOOLS_SERVICE_NAME: "clientele-dev",
      _X_AMZN_TRACE_ID: "Root=1-5759e988-bd862e3fe1be46a994272793",
    });
    const [first, again] = run.lines;
    expect([run.answers.map(({ statusCode }: Json) => statusCode), run.lines.length]).toEqual([[201, 201], 2]);
    expect(first).toEqual({
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          { Namespace: "Clientele", Dimensions: [["service"], ["service", "operation", "tenantClass"]], Metrics: [{ Name: "Latency", Unit: "Milliseconds" }] },
        ],
      },
      service: "clientele-dev",
      operation: "createCustomer",
      tenantClass: "test",
      Latency: expect.any(Number),
      requestId: "req_1",
      route: "POST /v1/customers",
      status: 201,
      tenantId: tenant.tenantId,
      keyId: expect.stringMatching(/^key_/),
      coldStart: true,
      traceId: "1-5759e988-bd862e3fe1be46a994272793",
    });
    expect(again).toMatchObject({ status: 201, replayed: true, Latency: expect.any(Number) });
    expect(again).not.toHaveProperty("coldStart");
    const text = JSON.stringify(run.lines);
    for (const value of ["Ada", "ada@example.com", "only-the-client-knows", tenant.test, "203.0.113.7", "Till"]) expect(text).not.toContain(value);
  });

  test("that is refused is no fault, and one without a valid credential is nobody's", async () => {
    const unknown = "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0";
    const run = await invoke(customers, [read(tenant.live, unknown), read(undefined, unknown), create(tenant.live, {}, { displayName: 1 })]);
    expect(requests(run).map(({ operation, tenantClass, status, code, tenantId }) => [operation, tenantClass, status, code, tenantId])).toEqual([
      ["getCustomer", "small", 404, "customer_not_found", tenant.tenantId],
      ["getCustomer", "anonymous", 401, "unauthenticated", undefined],
      ["createCustomer", "small", 400, "invalid_input", tenant.tenantId],
    ]);
    expect([counted(run, "Fault"), logged(run)]).toEqual([[], []]);
  });

  test("in a batch has no line of its own", async () => {
    const run = await invoke(customers, [batch()]);
    expect(run.lines).toEqual([expect.objectContaining({ operation: "batchUpsertCustomers", items: 3, status: run.answers[0].statusCode })]);
    expect(counted(run, "Fault")).toEqual([]);
  });

  test("for the documentation or for nothing that exists is counted, without its path", async () => {
    const [docs, unmatched] = await Promise.all([bundle("functions/docs.ts"), bundle("functions/unmatched.ts")]);
    const runs = [
      await invoke(docs, [gatewayEvent({ route: "GET /" })]),
      await invoke(unmatched, [gatewayEvent({ route: "$default", path: "/v1/ada@example.com" })]),
    ];
    expect(runs.flatMap(({ lines }) => lines).map(({ operation, tenantClass, status, code }) => [operation, tenantClass, status, code])).toEqual([
      ["docs", "anonymous", 302, undefined],
      ["unmatched", "anonymous", 404, "route_not_found"],
    ]);
    expect(JSON.stringify(runs.map(({ lines }) => lines))).not.toContain("ada");
  });

  test("of the platform, of test data, and of tenants by the shards of their lists, is of another class each", () => {
    const caller = (count: number, changes: object = {}) => ({ tenantId: "tn_1", livemode: true, settings: { listShards: { count } }, ...changes }) as never;
    const classes = [undefined, caller(1, { tenantId: platformTenantId }), caller(9, { livemode: false }), caller(1), caller(2), caller(7), caller(8)];
    expect(classes.map(tenantClassOf)).toEqual(["anonymous", "platform", "test", "small", "medium", "medium", "large"]);
  });
});

describe("what is denied to us", () => {
  const expectDenied = (run: Run, command: string) => {
    expect(run.answers.map(({ statusCode, body }: Json) => [statusCode, JSON.parse(body).code])).toEqual([[500, "internal_error"]]);
    expect([counted(run, "IsolationDenied"), counted(run, "Fault")]).toEqual([[1], [1]]);
    expect(requests(run)).toEqual([expect.objectContaining({ status: 500, code: "internal_error", tenantId: tenant.tenantId })]);
    expect(logged(run)).toEqual([
      expect.objectContaining({
        level: "ERROR",
        message: "access was denied",
        command,
        service: "clientele",
        function_name: "tested",
        function_request_id: "invocation-0",
      }),
      expect.objectContaining({ level: "ERROR", message: "request failed", requestId: "req_1", error: expect.stringContaining("not authorized") }),
    ]);
  };

  test("by DynamoDB is answered as our fault, counted and logged", async () => {
    const aws = await startDenyingAws(["TransactWriteItems"]);
    expectDenied(await invoke(customers, [create(tenant.live)], { AWS_ENDPOINT_URL_DYNAMODB: aws }), "TransactWriteItemsCommand");
  });

  test("in a batch is one fault, of as many items as failed", async () => {
    const aws = await startDenyingAws(["TransactWriteItems"]);
    const run = await invoke(customers, [batch()], { AWS_ENDPOINT_URL_DYNAMODB: aws });
    expect(requests(run)).toEqual([expect.objectContaining({ status: 207, Fault: 1, items: 3, itemsFailed: 2 })]);
    expect(counted(run, "IsolationDenied")).toEqual([1, 1]);
  });

  test("by STS, when a tenant's session is wanted, too", async () => {
    const aws = await startDenyingAws([]);
    const settings = { AWS_ENDPOINT_URL_STS: aws, TENANT_ROLE_ARN: "arn:aws:iam::000000000000:role/tenant" };
    const run = await invoke(customers, [read(tenant.live, "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0")], settings);
    expect(counted(run, "IsolationDenied").length).toBeGreaterThan(0);
    expect(run.answers[0].statusCode).toBe(500);
  });
});

test("limits that are not enforced are counted", async () => {
  const aws = await startDenyingAws(["UpdateItem"]);
  const run = await invoke(customers, [read(tenant.live, "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0")], { AWS_ENDPOINT_URL_DYNAMODB: aws });
  expect([run.answers[0].statusCode, counted(run, "RateLimitsOpen")]).toEqual([404, [1]]);
});

test("the first attempts of deliveries tell how long after their events they came; retries and replays do not", async () => {
  const receiver = await startReceiver();
  const events = await customersCreated(tenant, 3);
  const endpointId = await endpointAt(tenant, receiver.url);
  const now = new Date();
  const [fresh, retried, replayed] = events.map((event) => newDelivery(endpointId, event, now)) as [Json, Json, Json];
  Object.assign(retried, { attemptCount: 1 });
  Object.assign(replayed, { isReplayed: true });
  const deliveries = [fresh, retried, replayed];
  await openTable(tenant.tenantId).commit(deliveries.map(creationOf), () => []);
  const messages = deliveries.map(({ id, endpointId, event: { lane, sequence } }) => ({
    messageId: id,
    body: JSON.stringify({ partition: tenant.tenantId, deliveryId: id, endpointId, lane, sequence }),
  }));
  const run = await invoke(await bundle("functions/deliver-webhook.ts"), [{ Records: messages }], { ALLOW_LOOPBACK_TARGETS: "true" });
  await receiver.stop();
  expect([run.answers, receiver.requests.length]).toEqual([[{ batchItemFailures: [] }], 3]);
  expect(run.lines).toEqual([expect.objectContaining({ service: "clientele", partition: tenant.tenantId, endpointId })]);
  expect(run.lines[0]._aws.CloudWatchMetrics).toEqual([
    { Namespace: "Clientele", Dimensions: [["service"]], Metrics: [{ Name: "FirstAttemptDelay", Unit: "Milliseconds" }] },
  ]);
  const since = Date.now() - Date.parse(events[0]?.createdAt ?? "");
  expect(run.lines[0].FirstAttemptDelay).toBeGreaterThan(0);
  expect(run.lines[0].FirstAttemptDelay).toBeLessThan(since);
});

test("outside a Lambda no line is written", async () => {
  const program = `const { handler } = await import(${JSON.stringify(customers)}); tell(await handler(${JSON.stringify(read(undefined, "cus_1"))}, {}));`;
  const run = await inLambda(`delete process.env.AWS_LAMBDA_FUNCTION_NAME; ${program}`);
  expect([run.answers.statusCode, run.lines]).toEqual([401, []]);
});
