/** Deliveries as an integrator sees them: listed, looked into, retried; and found again when the queue has lost them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create } from "../domain/kernel/table.ts";
import { type DeliveryRecord, deliveryExample, deliveryIdOf } from "../domain/webhooks/delivery.ts";
import { afterAttempt, deliveryChanges, restarted } from "../domain/webhooks/delivery-round.ts";
import { deliveryKey } from "../domain/webhooks/keys.ts";
import type { Event } from "../domain/webhooks/model.ts";
import { handler } from "../functions/run-due-work.ts";
import { getItem } from "../functions/shell/dynamodb.ts";
import { itemKey } from "../functions/shell/item.ts";
import { newId } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";
import { call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { answerLost, inject } from "./fault-injection.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { customersCreated, deliveryWas, endpointAt } from "./webhook-log.ts";

let receiver: Receiver;
let tenant: TenantKeys;
beforeAll(async () => {
  receiver = await startReceiver();
  tenant = await newTenant();
});
afterAll(() => receiver.stop());

const get = async (path: string, { live }: TenantKeys = tenant): Promise<Json> => (await call(live, "get", `/v1/webhook-deliveries${path}`)).body;
const retry = (id: string, { live }: TenantKeys = tenant) => call(live, "post", `/v1/webhook-deliveries/${id}/retry`);
const receivedAt = (path: string) => receiver.requests.filter((request) => request.path === path);
const reaches = (id: string, found: (delivery: Json) => boolean): Promise<Json> =>
  eventually(async () => {
    const delivery = await get(`/${id}`);
    return found(delivery) && delivery;
  });
const dueOf = async (id: string) => (await getItem(itemKey(tenant.tenantId, deliveryKey(id))))?.dueSk;

describe("a list of deliveries", () => {
  let lone: TenantKeys;
  let events: Event[];
  let endpoints: string[];
  const statuses = ["exhausted", "succeeded", "canceled"] as const;
  /** `<endpoint> <event>`, by their numbers. */
  const named = ({ endpointId, event }: Json) => `${endpoints.indexOf(endpointId)} ${events.findIndex(({ id }) => id === event.id)}`;
  async function listed(query: string): Promise<string[]> {
    const found: string[] = [];
    let cursor = "";
    for (let page = 0; page < 20; page++) {
      const { data, hasMore, nextCursor } = await get(`?limit=2${query}${cursor}`, lone);
      found.push(...data.map(named));
      if (!hasMore) return found;
      cursor = `&cursor=${nextCursor}`;
    }
    throw new Error("The list does not end.");
  }
  const eventuallyListed = (query: string, count: number) => eventually(async () => (await listed(query)).length === count);

  beforeAll(async () => {
    lone = await newTenant();
    // They are made at once: within a millisecond the id alone says which is newer.
    events = (await customersCreated(lone, 3)).toSorted((one, other) => (one.id < other.id ? -1 : 1));
    endpoints = [];
    for (const name of ["a", "b", "c"]) endpoints.push(await endpointAt(lone, `${receiver.url}/${name}`));
    const [a, , c] = endpoints as [string, string, string];
    for (const [index, event] of events.entries()) await deliveryWas(lone, a, event, { status: statuses[index] as "exhausted" });
    await deliveryWas(lone, c, events[1] as Event, { status: "exhausted" });
    await eventuallyListed("", 4);
  });

  test("of an endpoint is newest first; of all endpoints it goes from the oldest one on, each delivery once", async () => {
    expect(await listed(`&endpointId=${endpoints[0]}`)).toEqual(["0 2", "0 1", "0 0"]);
    expect(await listed(`&endpointId=${endpoints[1]}`)).toEqual([]);
    expect(await listed("")).toEqual(["0 2", "0 1", "0 0", "2 1"]);
  });

  test("is narrowed by status and by event, and by all at once", async () => {
    expect(await listed("&status=exhausted")).toEqual(["0 0", "2 1"]);
    expect(await listed(`&eventId=${events[1]?.id}`)).toEqual(["0 1", "2 1"]);
    expect(await listed(`&eventId=${events[1]?.id}&status=exhausted`)).toEqual(["2 1"]);
    expect(await listed(`&eventId=${events[0]?.id}&endpointId=${endpoints[0]}`)).toEqual(["0 0"]);
    expect(await listed(`&eventId=${events[0]?.id}&endpointId=${endpoints[2]}`)).toEqual([]);
    expect(await listed(`&eventId=${newId("evt")}`)).toEqual([]);
  });

  test("holds nothing of another tenant, and goes on when endpoints are deleted on the way", async () => {
    const stranger = await newTenant();
    expect((await get(`?endpointId=${endpoints[0]}`, stranger)).data).toEqual([]);
    expect((await get(`?eventId=${events[1]?.id}`, stranger)).data).toEqual([]);
    const { data, nextCursor } = await get("?limit=1", lone);
    for (const id of endpoints.slice(0, 2)) await call(lone.live, "delete", `/v1/webhook-endpoints/${id}`);
    const rest = await get(`?limit=2&cursor=${nextCursor}`, lone);
    expect([...data, ...rest.data].map(named)).toEqual(["0 2", "2 1"]);
    expect(await listed(`&endpointId=${endpoints[0]}`)).toEqual(["0 2", "0 1", "0 0"]);
  });
});

test("a delivery shows each attempt with what was answered, oldest first, and the list a summary", async () => {
  const endpointId = await endpointAt(tenant, `${receiver.url}/twice`);
  receiver.behave("/twice", { status: 503, body: "not now", headers: { "x-mood": "bad" } }, { status: 200, body: "thanks" });
  const [event] = (await customersCreated(tenant, 1)) as [Event];
  const { id } = await eventually(async () => (await get(`?eventId=${event.id}&endpointId=${endpointId}`)).data[0]);
  await reaches(id, ({ attemptCount }) => attemptCount === 1);
  await call(tenant.live, "post", `/v1/webhook-endpoints/${endpointId}/enable`);
  expect((await retry(id)).status).toBe(202);
  const delivery = await reaches(id, ({ status }) => status === "succeeded");
  expect(delivery.attempts).toEqual([
    expect.objectContaining({ number: 1, status: 503, body: "not now", headers: expect.objectContaining({ "x-mood": "bad" }) }),
    expect.objectContaining({ number: 2, status: 200, body: "thanks", latencyMilliseconds: expect.any(Number) }),
  ]);
  const { attempts, ...rest } = delivery;
  const inList = await eventually(async () => (await get(`?endpointId=${endpointId}`)).data.find(({ status }: Json) => status === "succeeded"));
  expect(inList).toEqual(rest);
  expect(inList.lastAttempt).not.toHaveProperty("body");
  const [first, second] = receivedAt("/twice");
  expect([first?.headers["webhook-id"], second?.headers["webhook-id"]]).toEqual([event.id, event.id]);
});

test("a delivery shows its latest 100 attempts when there were more", async () => {
  const endpointId = await endpointAt(tenant, receiver.url);
  const [event] = (await customersCreated(await newTenant(), 1)) as [Event];
  let delivery = await deliveryWas(tenant, endpointId, event, { status: "exhausted" });
  const commit = async (after: DeliveryRecord) => {
    await openTable(tenant.tenantId).commit(deliveryChanges(delivery, after, new Date()), () => []);
    delivery = after;
  };
  for (let number = 1; number <= 130; number++) {
    if (delivery.status === "exhausted") await commit(restarted(delivery, new Date()));
    await commit(afterAttempt(delivery, { at: new Date().toISOString(), latencyMilliseconds: 1, status: 500 }, { isFinal: number % 7 === 0 }, new Date()));
  }
  const { attempts, attemptCount } = await get(`/${delivery.id}`);
  expect([attemptCount, attempts.map(({ number }: Json) => number)]).toEqual([130, Array.from({ length: 100 }, (_, index) => index + 31)]);
});

describe("a retry", () => {
  let event: Event;
  beforeAll(async () => {
    [event] = (await customersCreated(await newTenant(), 1)) as [Event];
    // The log of this tenant has one too: what is sent is read from there.
    [event] = (await customersCreated(tenant, 1)) as [Event];
  });
  const deliveryOf = async (path: string, changes: Partial<DeliveryRecord>) =>
    (await deliveryWas(tenant, await endpointAt(tenant, receiver.url + path), event, changes)).id;

  test.each(["succeeded", "exhausted", "canceled", "pending"] as const)("sends one that is %s at once, in a new round", async (status) => {
    const id = await deliveryOf(`/${status}`, {
      status,
      attemptCount: 11,
      attemptsBefore: 0,
      ...(status === "canceled" && { canceledReason: "endpoint_disabled" }),
    });
    const { body } = await retry(id);
    expect(body).toMatchObject({ status: "pending", attemptCount: 11, version: 2 });
    expect(body.canceledReason).toBeUndefined();
    expect(await reaches(id, (delivery) => delivery.status === "succeeded")).toMatchObject({ attemptCount: 12, lastAttempt: { number: 12, status: 200 } });
    expect(receivedAt(`/${status}`).map(({ headers }) => headers["webhook-id"])).toEqual([event.id]);
  });

  test("happens once when the answer of the database is lost", async () => {
    const id = await deliveryOf("/lost", { status: "exhausted" });
    using fault = inject({ about: id, times: 1 }, answerLost);
    expect([(await retry(id)).status, fault.hits]).toEqual([202, 1]);
    await reaches(id, ({ status }) => status === "succeeded");
    expect(receivedAt("/lost")).toHaveLength(1);
  });

  test("is refused when the endpoint is disabled or gone, or the delivery unknown", async () => {
    const refusal = async (id: string) => {
      const { status, body } = await retry(id);
      return [status, body.code];
    };
    const id = await deliveryOf("/refused", { status: "exhausted" });
    const { endpointId } = await get(`/${id}`);
    await call(tenant.live, "post", `/v1/webhook-endpoints/${endpointId}/disable`);
    expect(await refusal(id)).toEqual([409, "webhook_endpoint_disabled"]);
    await call(tenant.live, "delete", `/v1/webhook-endpoints/${endpointId}`);
    expect(await refusal(id)).toEqual([404, "webhook_endpoint_not_found"]);
    expect(await refusal(deliveryIdOf(newId("evt"), newId("we")))).toEqual([404, "webhook_delivery_not_found"]);
    expect((await get(`/${id}`)).status).toBe("exhausted");
    expect(receivedAt("/refused")).toEqual([]);
  });
});

describe("due work", () => {
  const sweepIn = (seconds: number) => handler({ time: new Date(Date.now() + seconds * 1_000).toISOString() });

  test("hands a delivery that the queue has lost to it again, and knows when to look after it the next time", async () => {
    const [event] = (await customersCreated(tenant, 1)) as [Event];
    const endpointId = await endpointAt(tenant, `${receiver.url}/resumed`);
    receiver.behave("/resumed", { status: 200, afterMilliseconds: 500 });
    const { id } = await deliveryWas(tenant, endpointId, event, { status: "pending", nextAttemptAt: new Date().toISOString() });
    await sweepIn(0);
    expect([receivedAt("/resumed"), await get(`/${id}`)]).toEqual([[], expect.objectContaining({ version: 1 })]);
    const before = (await dueOf(id)) as string;
    await sweepIn(61);
    const after = (await dueOf(id)) as string;
    expect([after > before, after.split("#")[1]]).toEqual([true, "resume_delivery"]);
    await reaches(id, ({ status }) => status === "succeeded");
    expect([receivedAt("/resumed").length, await dueOf(id)]).toEqual([1, undefined]);
  });

  test("leaves one that has ended alone, and forgets that it was due", async () => {
    const endpointId = await endpointAt(tenant, `${receiver.url}/ended`);
    const id = deliveryIdOf(newId("evt"), endpointId);
    const ended: DeliveryRecord = { ...deliveryExample, id, endpointId, attemptsBefore: 0, updatedAt: new Date().toISOString() };
    const placement = { due: { at: new Date(Date.now() + 30_000).toISOString(), kind: "resume_delivery" } };
    await openTable(tenant.tenantId).commit([create(deliveryKey(id), ended, { placement })], () => []);
    await sweepIn(60);
    expect([await dueOf(id), (await get(`/${id}`)).status, receivedAt("/ended")]).toEqual([undefined, "succeeded", []]);
  });
});
