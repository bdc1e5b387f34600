/** Replays of events to an endpoint: what they choose, that each step happens once, and how they end. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dayMilliseconds, instantAfter } from "../domain/kernel/time.ts";
import { appendChanges } from "../domain/webhooks/event-log.ts";
import { laneHeadKey, replayKey } from "../domain/webhooks/keys.ts";
import type { Event } from "../domain/webhooks/model.ts";
import type { WebhookReplay } from "../domain/webhooks/replay.ts";
import { startReplay } from "../domain/webhooks/start-replay.ts";
import { handler } from "../functions/run-due-work.ts";
import { newId } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";
import { call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { answerLost, inject } from "./fault-injection.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { customersCreated, deliveriesOf, deliveryWas, endpointAt, endpointRecord } from "./webhook-log.ts";

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.stop());

const pathOf = (endpointId: string) => `/v1/webhook-endpoints/${endpointId}/replays`;
const ask = async ({ live }: TenantKeys, endpointId: string, body: object, query = ""): Promise<Json> => {
  const answer = await call(live, "post", pathOf(endpointId) + query, { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  return answer.body;
};
const read = async ({ live }: TenantKeys, { endpointId, id }: WebhookReplay): Promise<Json> => (await call(live, "get", `${pathOf(endpointId)}/${id}`)).body;
const told = ({ live }: TenantKeys, type: string, id: string): Promise<Json> =>
  eventually(async () => (await call(live, "get", `/v1/events?type=${type}&limit=100`)).body.data.find((event: Json) => event.data.object.id === id));

describe("of a few events with every fate", () => {
  let tenant: TenantKeys;
  let events: Event[];
  const fates = ["missing", "pending", "succeeded", "exhausted", "canceled", "missing", "exhausted"] as const;
  const idsOf = (...wanted: string[]) => events.filter((_, index) => wanted.includes(fates[index] as string)).map(({ id }) => id);
  async function endpointWithFates(path: string, settings: object = {}): Promise<string> {
    const id = await endpointAt(tenant, receiver.url + path, settings);
    for (const [index, status] of fates.entries()) if (status !== "missing") await deliveryWas(tenant, id, events[index] as Event, { status });
    return id;
  }
  const idsReceived = (path: string) => receiver.requests.filter((request) => request.path === path).map(({ headers }) => headers["webhook-id"] as string);
  beforeAll(async () => {
    tenant = await newTenant();
    events = await customersCreated(tenant, fates.length);
  });

  test.each([
    ["failed", ["exhausted", "canceled"]],
    ["missing", ["missing"]],
    ["undelivered", ["exhausted", "canceled", "missing"]],
    ["all", fates],
  ])("%s sends exactly those, as many as the dry run counted, and tells when it is through", async (which, wanted) => {
    const path = `/${which}`;
    const endpointId = await endpointWithFates(path);
    const dry = await ask(tenant, endpointId, { which }, "?dryRun=true");
    expect((await call(tenant.live, "get", pathOf(endpointId))).body.data).toEqual([]);
    const started = await ask(tenant, endpointId, { which });
    const ids = idsOf(...wanted);
    expect([dry.toDeliver, started.toDeliver, started.countIsComplete, started.status]).toEqual([ids.length, ids.length, true, "running"]);
    const { data } = await told(tenant, "webhook_replay.finished", started.id);
    expect(data.object).toEqual(await read(tenant, started));
    const range = started.toSequence - started.fromSequence + 1;
    expect(data.object).toMatchObject({ status: "finished", deliveriesStarted: ids.length, atSequence: started.toSequence, eventsScanned: range });
    await eventually(async () => idsReceived(path).length >= ids.length);
    expect(idsReceived(path).toSorted()).toEqual(ids.toSorted());
    await eventually(async () =>
      (await deliveriesOf(tenant, endpointId, events)).every((delivery) => delivery?.status === "succeeded" || !ids.includes(delivery?.event.id ?? "")),
    );
  });

  test("is narrowed by sequence, time and type, and by what the endpoint wants", async () => {
    const endpointId = await endpointWithFates("/narrowed");
    const [first, second, third] = events as [Event, Event, Event];
    const last = events.at(-1) as Event;
    const count = async (body: object) => (await ask(tenant, endpointId, { which: "all", ...body }, "?dryRun=true")).toDeliver;
    const createdSince = (instant: string) => events.filter(({ createdAt }) => createdAt >= instant).length;
    expect(await count({})).toBe(events.length);
    expect(await count({ afterSequence: second.sequence })).toBe(events.length - 2);
    expect(await count({ throughSequence: second.sequence })).toBe(2);
    expect(await count({ afterSequence: first.sequence, throughSequence: third.sequence })).toBe(2);
    expect(await count({ afterSequence: 1_000_000 })).toBe(0);
    expect(await count({ since: third.createdAt })).toBe(createdSince(third.createdAt));
    expect(await count({ until: third.createdAt })).toBe(events.length - createdSince(third.createdAt));
    expect(await count({ since: instantAfter(new Date(last.createdAt), 60_000) })).toBe(0);
    expect(await count({ eventTypes: ["customer.*"] })).toBe(events.length);
    expect(await count({ eventTypes: ["webhook_endpoint.*"] })).toBe(0);
    const picky = await endpointWithFates("/picky", { filter: [{ pointer: "/data/object/id", anyOf: [third.data.object["id"]] }] });
    expect((await ask(tenant, picky, { which: "all" }, "?dryRun=true")).toDeliver).toBe(1);
  });

  test("that finds nothing is finished at once, and tells it", async () => {
    const endpointId = await endpointAt(tenant, receiver.url);
    const replay = await ask(tenant, endpointId, { which: "failed" });
    expect(replay).toMatchObject({ status: "finished", toDeliver: 0, deliveriesStarted: 0, countIsComplete: true, version: 1 });
    expect((await told(tenant, "webhook_replay.finished", replay.id)).data.object).toEqual(replay);
    expect((await call(tenant.live, "post", `${pathOf(endpointId)}/${replay.id}/cancel`)).body).toEqual(replay);
  });

  test("is listed newest first, and refused where the endpoint is disabled, deleted or another tenant's", async () => {
    const endpointId = await endpointAt(tenant, receiver.url);
    const ids: string[] = [];
    for (let number = 0; number < 3; number++) ids.push((await ask(tenant, endpointId, { which: "failed" })).id);
    const { data, hasMore, nextCursor } = (await call(tenant.live, "get", `${pathOf(endpointId)}?limit=2`)).body;
    const rest = (await call(tenant.live, "get", `${pathOf(endpointId)}?limit=2&cursor=${nextCursor}`)).body;
    expect([hasMore, [...data, ...rest.data].map(({ id }: Json) => id)]).toEqual([true, ids.toReversed()]);
    const refusal = async (key: string) => {
      const { status, body } = await call(key, "post", pathOf(endpointId), { body: { which: "all" } });
      return [status, body.code];
    };
    expect(await refusal((await newTenant()).live)).toEqual([404, "webhook_endpoint_not_found"]);
    await call(tenant.live, "post", `/v1/webhook-endpoints/${endpointId}/disable`);
    expect(await refusal(tenant.live)).toEqual([409, "webhook_endpoint_disabled"]);
    await call(tenant.live, "delete", `/v1/webhook-endpoints/${endpointId}`);
    expect(await refusal(tenant.live)).toEqual([404, "webhook_endpoint_not_found"]);
    expect((await call(tenant.live, "get", `${pathOf(endpointId)}/${ids[0]}`)).body.id).toBe(ids[0]);
  });
});

describe("of many events", () => {
  let tenant: TenantKeys;
  let events: Event[];
  /** Tomorrow's replays are left alone by the clock of this process, and what they start is not sent today. */
  const tomorrow = new Date(`${instantAfter(new Date(), dayMilliseconds).slice(0, 19)}.000Z`);
  const sweep = (time = tomorrow) => handler({ time: time.toISOString() });
  const eventsPerStep = 50;

  beforeAll(async () => {
    tenant = await newTenant();
    events = await customersCreated(tenant, 2 * eventsPerStep + 20);
  });
  async function replayTomorrow(endpointId: string): Promise<WebhookReplay> {
    const table = openTable(tenant.tenantId);
    const endpoint = await endpointRecord(tenant, endpointId);
    const { output, changes } = await startReplay({ which: "undelivered", table, endpoint, now: tomorrow, livemode: true, newId });
    await table.commit(changes, () => []);
    return output;
  }
  const started = async (endpointId: string) => (await deliveriesOf(tenant, endpointId, events)).filter((delivery) => delivery?.status === "pending").length;
  const stepOf = ({ id }: WebhookReplay) => ({ request: "TransactWriteItems", about: `REPLAY#${id}` });

  test("goes through all its steps in one sweep", async () => {
    const endpointId = await endpointAt(tenant, receiver.url);
    const replay = await replayTomorrow(endpointId);
    using steps = inject(stepOf(replay), async (_, send) => send());
    await sweep();
    expect(await read(tenant, replay)).toMatchObject({ status: "finished", toDeliver: events.length, deliveriesStarted: events.length });
    expect([await started(endpointId), steps.hits]).toEqual([events.length, 3]);
  });

  test("starts each delivery once, with two sweeps at once and answers that get lost", async () => {
    const endpointId = await endpointAt(tenant, receiver.url);
    for (const event of events.slice(0, 30)) await deliveryWas(tenant, endpointId, event, { status: "exhausted" });
    const replay = await replayTomorrow(endpointId);
    using lost = inject({ ...stepOf(replay), times: 2 }, answerLost);
    await Promise.all([sweep(), sweep()]);
    expect(lost.hits).toBe(2);
    expect(await read(tenant, replay)).toMatchObject({ status: "finished", deliveriesStarted: events.length, toDeliver: events.length });
    const deliveries = await deliveriesOf(tenant, endpointId, events);
    expect(deliveries.map((delivery) => delivery?.version)).toEqual(events.map((_, index) => (index < 30 ? 2 : 1)));
  });

  test("goes on where it was after a crash right behind a step", async () => {
    const endpointId = await endpointAt(tenant, receiver.url);
    const replay = await replayTomorrow(endpointId);
    using crash = inject(stepOf(replay), answerLost);
    await sweep();
    crash.stop();
    expect(await read(tenant, replay)).toMatchObject({ status: "running", deliveriesStarted: eventsPerStep });
    expect(await started(endpointId)).toBe(eventsPerStep);
    await sweep(new Date(tomorrow.getTime() + 1_000));
    expect(await read(tenant, replay)).toMatchObject({ status: "finished", deliveriesStarted: events.length });
    expect((await deliveriesOf(tenant, endpointId, events)).map((delivery) => delivery?.version)).toEqual(events.map(() => 1));
  });

  /** Does `meanwhile` just before the replay's second step is written. */
  async function interruptedBy(endpointId: string, meanwhile: (replay: WebhookReplay) => Promise<unknown>): Promise<Json> {
    const replay = await replayTomorrow(endpointId);
    let steps = 0;
    using _second = inject(stepOf(replay), async (_, send) => {
      steps += 1;
      if (steps === 2) await meanwhile(replay);
      return send();
    });
    await sweep();
    return read(tenant, replay);
  }

  test("starts nothing more once it is canceled", async () => {
    const endpointId = await endpointAt(tenant, receiver.url);
    const replay = await interruptedBy(endpointId, ({ id }) => call(tenant.live, "post", `${pathOf(endpointId)}/${id}/cancel`));
    expect(replay).toMatchObject({ status: "canceled", canceledReason: "requested", deliveriesStarted: eventsPerStep, eventsScanned: expect.any(Number) });
    expect(await started(endpointId)).toBe(eventsPerStep);
    await sweep(new Date(tomorrow.getTime() + 10_000));
    expect(await started(endpointId)).toBe(eventsPerStep);
    expect((await told(tenant, "webhook_replay.canceled", replay.id)).data.object).toEqual(replay);
  });

  test.each([
    ["endpoint_disabled", "post", "/disable"],
    ["endpoint_deleted", "delete", ""],
  ])("ends when the endpoint does: %s", async (canceledReason, method, path) => {
    const endpointId = await endpointAt(tenant, receiver.url);
    const replay = await interruptedBy(endpointId, () => call(tenant.live, method, `/v1/webhook-endpoints/${endpointId}${path}`));
    expect(replay).toMatchObject({ status: "canceled", canceledReason, deliveriesStarted: 2 * eventsPerStep });
    expect((await told(tenant, "webhook_replay.canceled", replay.id)).data.object).toEqual(replay);
  });
});

test("counts a long range as far as one request can, and says so", async () => {
  const tenant = await newTenant();
  const [example] = (await customersCreated(tenant, 1)) as [Event];
  const table = openTable(tenant.tenantId);
  for (let appended = 0; appended < 5_200; appended += 49) {
    const events = Array.from({ length: 49 }, () => ({ event: { ...example, id: newId("evt") }, happenedAt: example.createdAt, tellsChange: false }));
    await table.commit(appendChanges(0, await table.get(laneHeadKey(0)), events, new Date()), () => []);
  }
  const endpointId = await endpointAt(tenant, receiver.url);
  const dry = await ask(tenant, endpointId, { which: "all" }, "?dryRun=true");
  expect(dry).toMatchObject({ countIsComplete: false, toDeliver: 5_000 });
  expect(await ask(tenant, endpointId, { which: "all", afterSequence: 5_000, throughSequence: 5_200 }, "?dryRun=true")).toMatchObject({
    countIsComplete: true,
    toDeliver: 200,
  });
  expect(await table.get(replayKey(endpointId, dry.id))).toBeUndefined();
});
