/** Writing down what came of attempts. Others may write at the same time: what was decided is then decided anew on what stands there. */
import { setTimeout as delay } from "node:timers/promises";
import { type Change, Contention, create, replace } from "../../domain/kernel/table.ts";
import type { DeliveryRecord } from "../../domain/webhooks/delivery.ts";
import { deliveryChanges, messageOf } from "../../domain/webhooks/delivery-round.ts";
import { disableChanges } from "../../domain/webhooks/disable-endpoint.ts";
import type { EndpointRecord } from "../../domain/webhooks/endpoint.ts";
import { type Health, healthAfter, isHopeless, type Outcomes } from "../../domain/webhooks/health.ts";
import { deliveryKey, healthKey } from "../../domain/webhooks/keys.ts";
import { loadEndpoint } from "../../domain/webhooks/store.ts";
import { sendAfterCommit } from "../shell/effects.ts";
import { sendToQueue } from "../shell/queue.ts";
import { systemOutbox } from "../shell/system-outbox.ts";
import { openTable } from "../shell/table.ts";
import { forgetEndpoint } from "./endpoints-seen.ts";
import { commitTogether } from "./together.ts";

const attemptsMax = 8;
const actor = "deliver_webhook";

type Commit = (changes: readonly Change[], now: Date) => Promise<void>;
const commitIn =
  (partition: string): Commit =>
  (changes, now) =>
    openTable(partition, () => now).commit(changes, systemOutbox(actor, now));

/** Commits what `decide` makes of `first`, or of what stands there by now; nothing when it answers nothing. */
async function settle<Document>(
  commit: Commit,
  first: Document,
  load: () => Promise<Document>,
  decide: (document: Document, now: Date) => readonly Change[],
): Promise<void> {
  let document = first;
  for (let tries = 1; ; tries++) {
    const now = new Date();
    const changes = decide(document, now);
    try {
      return changes.length > 0 ? await commit(changes, now) : undefined;
    } catch (error) {
      if (!(error instanceof Contention) || tries === attemptsMax) throw error;
      await delay(Math.random() * 10 * 2 ** tries);
      document = await load();
    }
  }
}

/** `change` makes the delivery what it has become. `isParked`: it waits for due work, not in the queue. */
export async function settleDelivery(
  partition: string,
  delivery: DeliveryRecord,
  change: (delivery: DeliveryRecord, now: Date) => DeliveryRecord,
  isParked = false,
): Promise<void> {
  let after: DeliveryRecord | undefined;
  const load = async () => (await openTable(partition).get(deliveryKey(delivery.id))) ?? delivery;
  const commit = (changes: readonly Change[]) => commitTogether(partition, changes);
  await settle(commit, delivery, load, (before, now) => {
    after = change(before, now);
    return deliveryChanges(before, after, now, isParked);
  });
  const message = after && messageOf(after, new Date(), isParked);
  await sendAfterCommit({ send: sendToQueue }, partition, message ? [message] : []);
}

/** Disables the endpoint when it has been failing for days. */
export async function settleHealth(partition: string, endpointId: string, health: Health | undefined, outcomes: Outcomes): Promise<void> {
  let after: Health | undefined;
  const commit: Commit = (changes, now) => {
    forgetEndpoint(partition, endpointId);
    return commitIn(partition)(changes, now);
  };
  await settle(
    commit,
    health,
    () => openTable(partition).get(healthKey(endpointId)),
    (before, now) => {
      after = healthAfter(before, outcomes, now);
      if (!after) return [];
      return [before ? replace(healthKey(endpointId), before, after) : create(healthKey(endpointId), after)];
    },
  );
  if (isHopeless(after, new Date())) await disable(partition, endpointId, "failing");
}

export async function disable(partition: string, endpointId: string, reason: "gone" | "failing"): Promise<void> {
  forgetEndpoint(partition, endpointId);
  const load = () => loadEndpoint(openTable(partition), endpointId);
  await settle<EndpointRecord | undefined>(commitIn(partition), await load(), load, (endpoint, now) =>
    endpoint?.status === "enabled" ? disableChanges(endpoint, reason, now) : [],
  );
}
