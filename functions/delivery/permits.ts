/** Who of the deliveries to an endpoint may go now: the circuit breaker decides first, then how many are under way, then the rate. */
import { Contention, replace } from "../../domain/kernel/table.ts";
import type { DeliveryRecord } from "../../domain/webhooks/delivery.ts";
import { parked, postponed } from "../../domain/webhooks/delivery-round.ts";
import type { EndpointRecord } from "../../domain/webhooks/endpoint.ts";
import { admission, type Health } from "../../domain/webhooks/health.ts";
import { healthKey } from "../../domain/webhooks/keys.ts";
import { complain } from "../shell/metrics.ts";
import { openTable } from "../shell/table.ts";
import { forgetEndpoint } from "./endpoints-seen.ts";
import { giveBackSlots, takeSlots } from "./slots.ts";
import { type Turns, takeTurns } from "./turns.ts";

/** Go after a moment, and give the slot back then; come again; or wait as `putOff` says, which for long waits is due work's task. */
export type Permit =
  | { readonly afterMilliseconds: number }
  | { readonly againAfterSeconds: number }
  | { readonly putOff: (delivery: DeliveryRecord, now: Date) => DeliveryRecord; readonly isParked: boolean };

/** A shorter wait is waited here: to put a delivery off costs a write. */
const waitedHereMilliseconds = 1_000;

/** When too many are under way: an attempt takes up to 15 seconds, and most take less than one. */
const againAfterSeconds = 2;

/** A permit for each delivery, and the health as it stands then. */
export async function permitsFor(
  partition: string,
  endpoint: EndpointRecord,
  health: Health | undefined,
  deliveries: readonly DeliveryRecord[],
): Promise<{ permits: Permit[]; health: Health | undefined }> {
  const admitted = await admit(partition, endpoint.id, health, deliveries.length);
  const slots = admitted.count > 0 ? await takeSlots(partition, endpoint.id, admitted.count) : 0;
  const going = await byRate(partition, endpoint, deliveries.slice(0, slots));
  giveBackSlots(partition, endpoint.id, going.filter((permit) => "putOff" in permit).length);
  const park: Permit = { isParked: true, putOff: (delivery, now) => parked(delivery, admitted.parkedUntil, now) };
  const others = deliveries.slice(slots).map((_, index): Permit => (slots + index < admitted.count ? { againAfterSeconds } : park));
  return { permits: [...going, ...others], health: admitted.health };
}

type Admitted = { count: number; parkedUntil: string; health: Health | undefined };

/** How many of `wanted` may go, and until when the others are parked. */
async function admit(partition: string, endpointId: string, health: Health | undefined, wanted: number): Promise<Admitted> {
  const decided = admission(health, new Date());
  if (decided.kind === "open" || !health) return { count: wanted, parkedUntil: "", health };
  if (decided.kind === "paused") return { count: 0, parkedUntil: decided.until, health };
  const parkedUntil = decided.health.probingUntil ?? "";
  forgetEndpoint(partition, endpointId);
  try {
    await openTable(partition).commit([replace(healthKey(endpointId), health, decided.health)], () => []);
    return { count: 1, parkedUntil, health: decided.health };
  } catch (error) {
    if (!(error instanceof Contention)) throw error;
    // Somebody else has the probe.
    return { count: 0, parkedUntil, health };
  }
}

async function byRate(partition: string, { id, maxPerSecond }: EndpointRecord, deliveries: readonly DeliveryRecord[]): Promise<Permit[]> {
  const asking = maxPerSecond === undefined ? 0 : deliveries.filter(({ hasTurn }) => !hasTurn).length;
  if (maxPerSecond === undefined || asking === 0) return deliveries.map(() => ({ afterMilliseconds: 0 }));
  const { waitsMilliseconds, areTaken } = await turnsOrNone(partition, id, maxPerSecond, asking);
  const waits = [...waitsMilliseconds];
  return deliveries.map(({ hasTurn }) => {
    const milliseconds = hasTurn ? 0 : (waits.shift() ?? 0);
    if (milliseconds < waitedHereMilliseconds) return { afterMilliseconds: milliseconds };
    return { isParked: !areTaken, putOff: (delivery, now) => postponed(delivery, milliseconds, areTaken, now) };
  });
}

/** A rate that cannot be found out holds nobody up. */
async function turnsOrNone(partition: string, endpointId: string, perSecond: number, count: number): Promise<Turns> {
  try {
    return await takeTurns(partition, endpointId, perSecond, count);
  } catch (error) {
    complain("RateLimitsOpen", "the rate of a webhook endpoint is not enforced", error, { partition, endpointId });
    return { waitsMilliseconds: [], areTaken: true };
  }
}
