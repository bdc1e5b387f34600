/** One endpoint cannot take all the workers: attempts under way are bounded over all processes, by leases in the table. */
import { setTimeout as pause } from "node:timers/promises";
import type { SQSEvent } from "aws-lambda";
import { afterAll, expect, test } from "vitest";
import { create } from "../domain/kernel/table.ts";
import { creationOf, messageOf, newDelivery } from "../domain/webhooks/delivery-round.ts";
import { endpointExample } from "../domain/webhooks/endpoint.ts";
import { endpointKey, logKey } from "../domain/webhooks/keys.ts";
import { eventExample } from "../domain/webhooks/model.ts";
import { endpointSecretFrom } from "../domain/webhooks/signature.ts";
import { handler } from "../functions/deliver-webhook.ts";
import { giveBackSlots, takeSlots } from "../functions/delivery/slots.ts";
import { newId } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";
import { eventually, type Json, newTenant } from "./clientele.ts";
import { inject, unreachable } from "./fault-injection.ts";
import { startReceiver } from "./receiver.ts";
import { wholeTable } from "./whole-table.ts";

const receiver = await startReceiver();
afterAll(() => receiver.stop());
const endpointId = () => newId("we");
const leasedBy = async (id: string): Promise<number> =>
  (await wholeTable()).filter(({ pk, sk }) => pk.endsWith(`#${id}`) && sk.startsWith("SLOTS#")).reduce((sum, { taken }: Json) => sum + taken, 0);

test("a process has two slots for nothing, leases what it lacks, and all together never more than 50", async () => {
  const id = endpointId();
  expect(await takeSlots("t", id, 2)).toBe(2);
  expect(await leasedBy(id)).toBe(0);
  expect(await takeSlots("t", id, 8)).toBe(8);
  expect(await leasedBy(id)).toBe(8);
  expect(await Promise.all(Array.from({ length: 6 }, () => takeSlots("t", id, 10)))).toSatisfy((given: number[]) => given.reduce((a, b) => a + b) <= 42);
  expect(await leasedBy(id)).toBeLessThanOrEqual(50);
});

test("slots that are given back are used again without asking the table", async () => {
  const id = endpointId();
  await takeSlots("t", id, 10);
  giveBackSlots("t", id, 10);
  using fault = inject({ request: "UpdateItem", about: id }, unreachable);
  expect(await takeSlots("t", id, 10)).toBe(10);
  expect(fault.hits).toBe(0);
});

test("when the table does not answer, deliveries go on", async () => {
  const id = endpointId();
  using _fault = inject({ request: "UpdateItem", about: id }, unreachable);
  expect(await takeSlots("t", id, 30)).toBe(30);
});

/** Leases are of spans of 20 seconds, and at the border of two there may be more: the test keeps away from it. */
async function untilWithinSpan(): Promise<void> {
  const sinceBorder = Date.now() % 20_000;
  if (sinceBorder > 10_000) await pause(20_000 - sinceBorder);
}

test("a receiver that hangs has 52 attempts under way at most, the others come again, and all arrive in the end", async () => {
  await untilWithinSpan();
  const { tenantId } = await newTenant();
  const table = openTable(tenantId);
  const now = new Date();
  const id = endpointId();
  receiver.behave({ status: 200, afterMilliseconds: 2_500 });
  const secrets = [{ secret: endpointSecretFrom("x"), createdAt: now.toISOString() }];
  await table.commit([create(endpointKey(id), { ...endpointExample, id, url: receiver.url, secrets })], () => []);
  const events = Array.from({ length: 80 }, (_, index) => ({ ...eventExample, id: newId("evt"), tenantId, sequence: index + 1 }));
  for (let from = 0; from < events.length; from += 40) {
    const some = events.slice(from, from + 40);
    await table.commit([...some.map((event) => create(logKey(event), event)), ...some.map((event) => creationOf(newDelivery(id, event, now)))], () => []);
  }
  const bodies = events.map((event) => ({ partition: tenantId, ...messageOf(newDelivery(id, event, now), now)?.body }));
  // Eight workers with a batch each, as Lambda would start them.
  const batches = Array.from({ length: 8 }, (_, batch) => bodies.slice(batch * 10, batch * 10 + 10));
  const working = Promise.all(
    batches.map((batch) => handler({ Records: batch.map((body, index) => ({ messageId: String(index), body: JSON.stringify(body) })) } as SQSEvent)),
  );
  await eventually(async () => receiver.requests.length >= 50);
  await pause(500);
  expect(receiver.requests.length).toBeLessThanOrEqual(52);
  expect((await working).flatMap(({ batchItemFailures }) => batchItemFailures)).toEqual([]);
  await eventually(async () => new Set(receiver.requests.map(({ headers }) => headers["webhook-id"])).size === 80, 20_000);
});
