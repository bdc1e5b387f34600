/** The operator's programs beside a restore: pausing a stage, and handing out again what was given up. */
import type { SQSRecord } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OutboxEntry } from "../domain/kernel/event.ts";
import { inPartition } from "../domain/kernel/partition.ts";
import type { Event } from "../domain/webhooks/model.ts";
import { handler as deliverWebhook } from "../functions/deliver-webhook.ts";
import { deployment } from "../functions/shell/config.ts";
import { newId } from "../functions/shell/random.ts";
import { failedBatchIn, oldestFirst } from "../infra/restore/failed-batch.ts";
import { batchesOf, recordOf } from "../infra/restore/hand-over.ts";
import { call, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { type Operator, startOperator } from "./operator.ts";
import { type LambdaApi, type Loopback, type PointInTimeRecovery, type Stage, startBucket, startLambdaApi, startPointInTimeRecovery } from "./operator-aws.ts";
import { startReceiver } from "./receiver.ts";
import { customersCreated, deliveryWas, endpointAt } from "./webhook-log.ts";

const invoked: string[] = [];
const stage: Stage = {
  tableName: deployment().tableName,
  queueUrl: "https://sqs.eu-west-1.amazonaws.com/000000000000/deliveries",
  bucket: "given-up",
  async invoke({ functionName, records }) {
    invoked.push(functionName);
    const { handler } = await import(`../functions/${functionName.replace("clientele-dev-", "")}.ts`);
    return handler({ Records: records });
  },
};
const objects = new Map<string, string>();
let lambda: LambdaApi;
let bucket: Loopback;
let recovery: PointInTimeRecovery;
let operator: Operator;

beforeAll(async () => {
  [lambda, bucket, recovery] = await Promise.all([
    startLambdaApi(stage),
    startBucket(stage.bucket, objects),
    startPointInTimeRecovery(deployment().endpoint as string),
  ]);
  operator = await startOperator({ dynamodb: recovery.endpoint, lambda: lambda.endpoint, s3: bucket.endpoint });
});
afterAll(() => {
  for (const { stop } of [lambda, bucket, recovery, operator]) stop();
});
beforeEach(() => {
  invoked.length = 0;
  objects.clear();
});

test("npm run pause stops whatever writes but the operator, and npm run resume lets it go on", async () => {
  expect(await operator.run("traffic.ts", "pause", "dev")).toMatchObject({ code: 0 });
  expect([...lambda.concurrency]).toEqual(
    expect.arrayContaining([
      ["clientele-dev-customers", 0],
      ["clientele-dev-run-due-work", 0],
    ]),
  );
  expect([...lambda.concurrency.keys()]).not.toContain("clientele-dev-append-events");
  expect([...lambda.mappings.values()].map((mapping) => mapping.state)).toEqual(["Disabled", "Disabled", "Disabled"]);
  expect(await operator.run("traffic.ts", "resume", "dev")).toMatchObject({ code: 0 });
  expect([lambda.concurrency.size, ...[...lambda.mappings.values()].map((mapping) => mapping.state)]).toEqual([0, "Enabled", "Enabled", "Enabled"]);
});

test("the programs say in one line what is wrong", async () => {
  const failure = async (words: string, program: string, ...args: (string | Record<string, string>)[]) => {
    const { code, output } = await operator.run(program, ...args);
    expect([code, output.trim().split("\n").length, output]).toEqual([1, 1, expect.stringContaining(words)]);
  };
  await Promise.all([
    failure("There is no stage live: dev or prod.", "reconcile.ts", "live"),
    failure("There is no function clientele-prod-append-events in eu-west-1", "redrive.ts", "prod"),
    failure("RFC 3339", "restore.ts", "dev", "--at", "2026-11-22"),
    failure("Could not load credentials", "reconcile.ts", "dev", {
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
      AWS_EC2_METADATA_DISABLED: "true",
      HOME: "/",
    }),
  ]);
});

/** As the Developer Guide of Lambda shows it, "Retain discarded records for a DynamoDB event source in Lambda". */
const givenUp = (functionName: string, payload: unknown, tableName = stage.tableName) =>
  JSON.stringify({
    requestContext: {
      requestId: "316aa6d0-8154-xmpl-9af7-85d5f4a6bc81",
      functionArn: `arn:aws:lambda:eu-west-1:123456789012:function:${functionName}`,
      condition: "RetryAttemptsExhausted",
      approximateInvokeCount: 51,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: "2026-11-22T03:13:19.021Z",
    DDBStreamBatchInfo: {
      shardId: "shardId-00000001573689847184-864758bb",
      startSequenceNumber: "800000000003126276362",
      endSequenceNumber: "800000000003126276362",
      approximateArrivalOfFirstRecord: "2026-11-22T03:13:19Z",
      approximateArrivalOfLastRecord: "2026-11-22T03:13:19Z",
      batchSize: 1,
      streamArn: `arn:aws:dynamodb:eu-west-1:123456789012:table/${tableName}/stream/2026-11-14T00:04:06.388`,
    },
    payload,
  });
const keyOf = (second: string, mapping = "mapping-0") =>
  `aws/lambda/${mapping}/shardId-00000001573689847184-864758bb/2026/11/22/2026-11-22T03.13.${second}-2d3ef4b4-a7a7-4a3c-8a7b-3e6a2f1c0d9e`;

describe("npm run redrive", () => {
  const eventId = newId("evt");
  /** A write whose record was given up: only the payload knows it. */
  function recordFor({ tenantId }: TenantKeys, customer: Json, type: string, id = eventId) {
    const outbox = [{ id, type, at: new Date().toISOString(), actor: { type: "system", id: "test" } }] as unknown as OutboxEntry[];
    const texts = { pk: inPartition(tenantId, `C#${customer.id}`), sk: "META", document: JSON.stringify(customer), outbox: JSON.stringify(outbox) };
    return recordOf(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { S: text }])), 1);
  }
  const eventsOf = async ({ live }: TenantKeys, id: string) =>
    (await call(live, "get", "/v1/events?limit=100")).body.data.filter((event: Json) => event.id === id).length;

  test("hands out what was given up, oldest first, and removes what was taken; the rest stays and is named", async () => {
    const tenant = await newTenant();
    const { body: customer } = await call(tenant.live, "post", "/v1/customers", { body: { displayName: "Ada" } });
    const told = recordFor(tenant, customer, "customer.created");
    const second = newId("evt");
    objects.set(keyOf("40", "mapping-0"), givenUp("clientele-dev-append-events", { Records: [told] }));
    objects.set(keyOf("10", "mapping-1"), givenUp("clientele-dev-account-points", { Records: [told] }));
    objects.set(
      keyOf("20"),
      givenUp("clientele-dev-append-events", JSON.stringify({ Records: [recordFor(tenant, customer, "customer.updated", second), told] })),
    );
    objects.set(keyOf("30"), givenUp("clientele-dev-append-events", { Records: [recordFor(tenant, customer, "customer.unheard_of")] }));
    objects.set(keyOf("05"), givenUp("clientele-dev-append-events", { Records: [told] }, "another-table"));
    objects.set(keyOf("50"), "{}");
    const { code, output } = await operator.run("redrive.ts", "dev");
    expect([code, await eventsOf(tenant, eventId), await eventsOf(tenant, second)]).toEqual([1, 1, 1]);
    expect(invoked.slice(0, 2)).toEqual(["clientele-dev-account-points", "clientele-dev-append-events"]);
    expect([...objects.keys()].toSorted()).toEqual([keyOf("05"), keyOf("30"), keyOf("50")]);
    for (const words of ["of the table another-table", "1 of 1 records failed again", "not understood", "3 of 6 batches stay"]) expect(output).toContain(words);

    for (const stays of ["05", "30", "50"]) objects.delete(keyOf(stays));
    expect(await operator.run("redrive.ts", "dev")).toMatchObject({ code: 0, output: expect.stringContaining("0 batches") });
  });

  test("after a restore, tells of the former table what was written before the restored second, and nothing of what never happened", async () => {
    const tenant = await newTenant();
    const { body: customer } = await call(tenant.live, "post", "/v1/customers", { body: { displayName: "Ada" } });
    const at = Math.floor(Date.now() / 1000);
    recovery.restores.set(stage.tableName, { at, source: "former-table", looks: 9 });
    const [before, after] = [newId("evt"), newId("evt")];
    const made = (id: string, second: number) => {
      const record = recordFor(tenant, customer, "customer.updated", id);
      return { ...record, dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: second } };
    };
    objects.set(keyOf("10"), givenUp("clientele-dev-append-events", { Records: [made(before, at - 1), made(after, at)] }, "former-table"));
    expect(await operator.run("redrive.ts", "dev")).toMatchObject({ code: 0 });
    expect([await eventsOf(tenant, before), await eventsOf(tenant, after), objects.size]).toEqual([1, 0, 0]);
  });

  test("sorts by when it was given up, whatever mapping and shard stand before it", () => {
    const keys = [keyOf("20", "a"), keyOf("10", "b"), keyOf("30", "0")];
    expect(oldestFirst(keys)).toEqual([keyOf("10", "b"), keyOf("20", "a"), keyOf("30", "0")]);
  });

  test("refuses a record without its payload, as other destinations than S3 get it", () => {
    expect(() => failedBatchIn(givenUp("clientele-dev-append-events", undefined))).toThrow("has no records");
  });
});

test("a message from before a restore, which names the place of another event, sends nothing; the delivery's own does", async () => {
  const [tenant, receiver] = [await newTenant(), await startReceiver()];
  const endpointId = await endpointAt(tenant, receiver.url, { eventTypes: ["customer.deleted"] });
  const [other, event] = (await customersCreated(tenant, 2)) as [Event, Event];
  const delivery = await deliveryWas(tenant, endpointId, event, { status: "pending", nextAttemptAt: new Date().toISOString() });
  const wakenBy = ({ lane, sequence }: Event) => {
    const body = JSON.stringify({ partition: tenant.tenantId, deliveryId: delivery.id, endpointId, lane, sequence });
    return deliverWebhook({ Records: [{ messageId: "1", body } as SQSRecord] });
  };
  expect([await wakenBy(other), receiver.requests.length]).toEqual([{ batchItemFailures: [] }, 0]);
  await wakenBy(event);
  expect(receiver.requests.map(({ headers }) => headers["webhook-id"])).toEqual([event.id]);
  await receiver.stop();
});

test("records go to a Lambda in batches that its request can hold, with bytes in base64", () => {
  const large = Array.from({ length: 30 }, (_, index) => recordOf({ pk: { S: "T#tn_1#C#1" }, packed: { B: new Uint8Array(300_000).fill(7) } }, index));
  const batches = batchesOf(large);
  expect(batches.flat()).toEqual(large);
  for (const batch of batches) expect(Buffer.byteLength(JSON.stringify({ Records: batch }))).toBeLessThan(6 * 1024 * 1024);
  expect(Buffer.from(large[0]?.dynamodb?.NewImage?.["packed"]?.B ?? "", "base64")).toHaveLength(300_000);
  expect(batchesOf(Array.from({ length: 250 }, (_, index) => recordOf({ pk: { S: "x" } }, index))).map(({ length }) => length)).toEqual([100, 100, 50]);
});
