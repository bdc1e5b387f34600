/** One operation, called with its sample request: what the call uses, and what the consumers of the stream use because of it. */
import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import { platformTenantId } from "../../domain/tenants/model.ts";
import { isPlatform, isWrite, type Sample, sampleRequest, send } from "../../test/sample-request.ts";
import { median } from "../table.ts";
import { assumptions } from "./assumptions.ts";
import { type Invocation, isAbout, isConsumer, type Watch } from "./invocations.ts";

/** Medians over the samples, for one call. Units as DynamoDB counts them, times in milliseconds. */
export type Measured = Later & {
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly milliseconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** What the Lambda wrote to its log, its metrics included. */
  readonly logBytes: number;
};
/** Of the consumers of the stream, which have each call by itself here: under load calls share what they do. */
export type Later = {
  readonly laterReadUnits: number;
  readonly laterWriteUnits: number;
  readonly laterInvocations: number;
  readonly laterMilliseconds: number;
  readonly laterLogBytes: number;
};

const samplesOfEach = 3;
const warmUps = 2;
/** A read can be timed again with the same request. */
const readsTimed = 5;

/** Makes of a sample request another one, and does what must be done before it. */
export type Prepare = (sample: Sample) => Promise<Sample>;
const asItIs: Prepare = async (sample) => sample;

/** `withKeys`: writes carry an Idempotency-Key, as clients should send it. */
export async function measureOperation(operation: AnyOperation, watch: Watch, withKeys: boolean, prepare = asItIs): Promise<Measured> {
  const samples = await Promise.all(Array.from({ length: samplesOfEach }, async () => prepare(await sampleRequest(operation))));
  await watch.untilQuiet();
  const all: Measured[] = [];
  for (const sample of samples) all.push(await measureSample(sample, watch, withKeys));
  return mediansOf(all);
}

/** What the consumers of the stream do for one of several requests of one tenant that come at once. */
export async function measureLaterTogether(samples: readonly [Sample, ...Sample[]], watch: Watch): Promise<Later> {
  await watch.untilQuiet();
  watch.taken();
  await Promise.all(samples.map((sample) => send(sample, { "idempotency-key": randomUUID() })));
  await watch.untilQuiet();
  const together = laterOf(watch.taken().filter((one) => isConsumer(one) && isAbout(one, samples[0].tenant.tenantId)));
  return Object.fromEntries(Object.entries(together).map(([name, amount]) => [name, amount / samples.length])) as Later;
}

const mediansOf = (all: readonly Measured[]): Measured =>
  Object.fromEntries(Object.keys(all[0] ?? {}).map((name) => [name, median(all.map((one) => one[name as keyof Measured]))])) as Measured;

async function measureSample(sample: Sample, watch: Watch, withKeys: boolean): Promise<Measured> {
  const isWriting = isWrite(sample.operation);
  // The credential is remembered and the code is warm from here on, as in a busy process.
  for (let count = 0; count < warmUps; count++) await send(sample, {}, isWriting ? "?dryRun=true" : "");
  watch.taken();
  for (let count = 0; count < (isWriting ? 1 : readsTimed); count++) {
    const { status, body } = await send(sample, isWriting && withKeys ? { "idempotency-key": randomUUID() } : {});
    if (status >= 300) throw new Error(`${sample.operation.id}: ${status} ${JSON.stringify(body)}`);
  }
  if (isWriting) await watch.untilQuiet();
  const invocations = watch.taken();
  const partition = isPlatform(sample.operation) ? platformTenantId : sample.tenant.tenantId;
  const later = invocations.filter((one) => isConsumer(one) && isAbout(one, partition));
  const calls = invocations.filter(({ event }) => (event as APIGatewayProxyEventV2).routeKey !== undefined);
  return { ...mediansOf(calls.map(callOf)), ...laterOf(later) };
}

const nothingLater: Later = { laterReadUnits: 0, laterWriteUnits: 0, laterInvocations: 0, laterMilliseconds: 0, laterLogBytes: 0 };

function callOf({ event, answer, milliseconds, consumption: { readUnits, writeUnits }, log }: Invocation): Measured {
  const { rawPath, rawQueryString, headers: sent, body } = event as APIGatewayProxyEventV2;
  const { headers: received = {}, body: content = "" } = answer as APIGatewayProxyStructuredResultV2;
  const bytesIn = Buffer.byteLength(rawPath + rawQueryString + (body ?? "")) + headBytes(sent);
  const bytesOut = Buffer.byteLength(content) + headBytes(received) + assumptions.gatewayHeadBytes;
  return { readUnits, writeUnits, milliseconds, bytesIn, bytesOut, logBytes: log.bytes, ...nothingLater };
}
/** As HTTP/1.1 writes a head: HTTP/2 says the same in less. */
const headBytes = (headers: object): number => Object.entries(headers).reduce((sum, [name, value]) => sum + Buffer.byteLength(`${name}: ${value}\r\n`), 0);

function laterOf(invocations: readonly Invocation[]): Later {
  const sum = (of: (one: Invocation) => number) => invocations.reduce((total, one) => total + of(one), 0);
  return {
    laterReadUnits: sum(({ consumption }) => consumption.readUnits),
    laterWriteUnits: sum(({ consumption }) => consumption.writeUnits),
    laterInvocations: invocations.length,
    laterMilliseconds: sum(({ milliseconds }) => milliseconds),
    laterLogBytes: sum(({ log }) => log.bytes),
  };
}
