/** Webhook deliveries to one endpoint that answers after a while: alone, and in bursts that share a batch. */
import type { SQSEvent } from "aws-lambda";
import { call, eventually, newTenant, type TenantKeys } from "../../test/http-client.ts";
import { type Receiver, startReceiver } from "../../test/receiver.ts";
import { assumptions } from "./assumptions.ts";
import { type Invocation, isAbout, isConsumer, type Watch } from "./invocations.ts";

/** Of one delivery, unless it says otherwise. */
export type Delivered = {
  /** Deliveries in one invocation. */
  readonly batch: number;
  /** With what the log's consumer reads and writes more because of the delivery. */
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly millisecondsOfBatch: number;
  readonly logBytes: number;
  readonly messageBytes: number;
  readonly bytesOut: number;
};

const rounds = 6;

/** `together`: so many events at once. */
export async function measureDeliveries(watch: Watch, together: number): Promise<Delivered> {
  const receiver = await startReceiver();
  receiver.behave({ status: 204, afterMilliseconds: assumptions.receiverMilliseconds });
  try {
    const toldNobody = await appended(watch, await newTenant(), 1);
    const endpointed = await tenantWithEndpoint(receiver);
    const toldOne = await appended(watch, endpointed, 1);
    const fanOut = { reads: toldOne.readUnits - toldNobody.readUnits, writes: toldOne.writeUnits - toldNobody.writeUnits };
    const all: Invocation[] = [];
    const already = receiver.requests.length;
    for (let round = 1; round <= rounds; round++) {
      await createAtOnce(endpointed, together);
      await eventually(async () => receiver.requests.length >= already + round * together, 20_000);
      await watch.untilQuiet();
      all.push(...watch.taken().filter((one) => one.lambda === "deliver-webhook" && isAbout(one, endpointed.tenantId)));
    }
    return { ...shareOf(all, fanOut), bytesOut: requestBytes(receiver) };
  } finally {
    await receiver.stop();
  }
}

async function tenantWithEndpoint(receiver: Receiver): Promise<TenantKeys> {
  const tenant = await newTenant();
  await call(tenant.live, "post", "/v1/webhook-endpoints", { body: { url: receiver.url, eventTypes: ["customer.created"] } });
  // What the endpoint costs a process once, such as its first read.
  await createAtOnce(tenant, 1);
  await eventually(async () => receiver.requests.length > 0);
  return tenant;
}

const body = { displayName: "Ada Lovelace", givenName: "Ada", familyName: "Lovelace", tags: ["newsletter"] };
const createAtOnce = (tenant: TenantKeys, count: number) =>
  Promise.all(Array.from({ length: count }, () => call(tenant.live, "post", "/v1/customers", { body })));

/** What the stream's consumers use for so many events at once, together. */
export async function appended(watch: Watch, tenant: TenantKeys, count: number) {
  await watch.untilQuiet();
  watch.taken();
  await createAtOnce(tenant, count);
  await watch.untilQuiet();
  const consumed = watch.taken().filter((one) => isConsumer(one) && isAbout(one, tenant.tenantId));
  return { readUnits: sum(consumed, ({ consumption }) => consumption.readUnits), writeUnits: sum(consumed, ({ consumption }) => consumption.writeUnits) };
}

const sum = <One>(all: readonly One[], of: (one: One) => number): number => all.reduce((total, one) => total + of(one), 0);

function shareOf(all: readonly Invocation[], fanOut: { reads: number; writes: number }): Omit<Delivered, "bytesOut"> {
  const messages = all.flatMap(({ event }) => (event as SQSEvent).Records);
  const each = (of: (one: Invocation) => number) => sum(all, of) / messages.length;
  return {
    batch: messages.length / all.length,
    readUnits: fanOut.reads + each(({ consumption }) => consumption.readUnits),
    // Turns and slots of the endpoint are written beside the delivery, one unit each.
    writeUnits: fanOut.writes + each(({ consumption }) => consumption.writeUnits + consumption.limiterWrites),
    millisecondsOfBatch: sum(all, ({ milliseconds }) => milliseconds) / all.length,
    logBytes: sum(all, ({ log }) => log.bytes) / all.length,
    messageBytes: sum(messages, (message) => Buffer.byteLength(message.body)) / messages.length,
  };
}

function requestBytes({ requests }: Receiver): number {
  const bytesOf = ({ path, headers, body: content }: Receiver["requests"][number]) =>
    Buffer.byteLength(`POST ${path} HTTP/1.1\r\n\r\n${content}`) + sum(Object.entries(headers), ([name, value]) => Buffer.byteLength(`${name}: ${value}\r\n`));
  return sum(requests, bytesOf) / requests.length;
}
