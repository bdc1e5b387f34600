/** From what was measured to what AWS meters, by the assumptions. */
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import { assumptions } from "./assumptions.ts";
import type { Delivered } from "./measure-deliveries.ts";
import type { Measured } from "./measure-operation.ts";
import { gatewayRequestsOf, gigabyteSecondsOf, gigabytesOf, queueRequestsOf, type Usage, usageOf } from "./price.ts";

const { coldShare, coldMilliseconds, tracedShare } = assumptions;

/** So many invocations that took so long each. `logBytes` is what each wrote itself. */
export const invocationsOf = (count: number, milliseconds: number, memoryMegabytes: number, logBytes: number) => ({
  lambdaRequests: count,
  lambdaGigabyteSeconds: count * (gigabyteSecondsOf(milliseconds, memoryMegabytes) + coldShare * gigabyteSecondsOf(coldMilliseconds, memoryMegabytes)),
  logGigabytes: count * gigabytesOf(logBytes),
  traces: count * tracedShare,
});

/** Nobody limits the platform, nor who needs no credential. */
const isLimited = ({ permission }: AnyOperation): boolean => permission !== "public" && permission !== "tenants:manage";

/** The call itself. `limiterWrites`: what a call of a busy key writes for the rate limits. */
export function usageOfCall(operation: AnyOperation, measured: Measured, limiterWrites: number): Usage {
  const invocation = invocationsOf(1, measured.milliseconds, assumptions.callMegabytes, measured.logBytes);
  return usageOf({
    ...invocation,
    readUnits: measured.readUnits,
    writeUnits: measured.writeUnits + (isLimited(operation) ? limiterWrites : 0),
    gatewayRequests: gatewayRequestsOf(measured.bytesIn, measured.bytesOut),
    gigabytesOut: gigabytesOf(measured.bytesOut),
    logGigabytes: invocation.logGigabytes + gigabytesOf(assumptions.accessLogBytes),
  });
}

/** What the consumers of the stream do because of it. */
export const usageLater = ({ laterReadUnits, laterWriteUnits, laterInvocations: count, laterMilliseconds, laterLogBytes }: Measured): Usage =>
  usageOf({
    readUnits: laterReadUnits,
    writeUnits: laterWriteUnits,
    ...(count > 0 && invocationsOf(count, laterMilliseconds / count, assumptions.laterMegabytes, laterLogBytes / count)),
  });

const queueCallsPerBatch = ["send", "receive", "delete"].length;
/** A delivery's share of the batch that it is sent, received and deleted with. */
export function usageOfDelivery({ batch, ...delivered }: Delivered): Usage {
  const queueRequests = (queueCallsPerBatch * queueRequestsOf(delivered.messageBytes * batch)) / batch;
  return usageOf({
    readUnits: delivered.readUnits,
    writeUnits: delivered.writeUnits,
    queueRequests,
    fairQueueRequests: queueRequests,
    gigabytesOut: gigabytesOf(delivered.bytesOut),
    ...invocationsOf(1 / batch, delivered.millisecondsOfBatch, assumptions.deliveryMegabytes, delivered.logBytes),
  });
}
