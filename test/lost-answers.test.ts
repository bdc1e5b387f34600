/** Every write, now and in future, has one effect when the database's answer to it is lost on the way. */
import { randomUUID } from "node:crypto";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { describe, expect, test } from "vitest";
import { operations } from "../domain/operations.ts";
import { deployment } from "../functions/shell/config.ts";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";
import type { Answer, Json } from "./clientele.ts";
// Starts the product that samples are sent to.
import "./clientele.ts";
import { answerLost, inject } from "./fault-injection.ts";
import { isWrite, type Sample, sampleRequest, send } from "./sample-request.ts";

/** What requests write, besides when a key was last used; the log and the accounting are written by consumers of their own, as deliveries are unless a request asks for one. */
const byRequests = /^(?!.*(?:#EL#|USE#|#W[AD]#|ACCOUNTED))|#IDEM#/;

/** How much there is of a tenant, besides its log, deliveries, accounting, and counters, whose shards are chosen by hashes of ids. */
async function countItems({ tenant: { tenantId } }: Sample): Promise<number> {
  let count = 0;
  let start: Json;
  do {
    const page = await dynamodb().send(new ScanCommand({ TableName: deployment().tableName, ConsistentRead: true, ExclusiveStartKey: start }));
    count += (page.Items ?? []).filter(
      ({ pk, sk, document }) => `${pk} ${document}`.includes(tenantId) && !/^HEALTH$|^ACCOUNTED$/.test(sk) && !/#(?:E[LV]|W[AD]|ACC|USE|RWS|ERB)#/.test(pk),
    ).length;
    start = page.LastEvaluatedKey;
  } while (start);
  return count;
}

const effect = async (sample: Sample, { status, body }: Answer) => ({
  status,
  version: body.version,
  fields: Object.keys(body).toSorted(),
  items: (body.items as Json[] | undefined)?.map((item) => item.status),
  stored: await countItems(sample),
});

describe.each(operations.filter(isWrite).map((operation) => [operation.id, operation] as const))("%s", (_, operation) => {
  test("once: the SDK's repeat of the write is taken for what it is", async () => {
    const [calm, hit] = [await sampleRequest(operation), await sampleRequest(operation)];
    const expected = await effect(calm, await send(calm));
    using _fault = inject({ about: byRequests, times: 1 }, answerLost);
    expect(await effect(hit, await send(hit))).toEqual(expected);
  });

  test("for good: 503, and the caller's repeat with its Idempotency-Key gets the answer", async () => {
    const [calm, hit] = [await sampleRequest(operation), await sampleRequest(operation)];
    const expected = await effect(calm, await send(calm, { "idempotency-key": randomUUID() }));
    const headers = { "idempotency-key": randomUUID() };
    using fault = inject({ about: byRequests }, answerLost);
    expect((await send(hit, headers)).status).toBe(503);
    fault.stop();
    expect(await effect(hit, await send(hit, headers))).toEqual(expected);
  });
});
