/** Every event type of the product: the webhook catalogue. */
import { customerEventTypes } from "./customers/events.ts";
import type { AnyEventType } from "./kernel/event.ts";
import { integrityViolated } from "./loyalty/accounting/integrity-violated.ts";
import { membershipEventTypes } from "./loyalty/memberships/membership-events.ts";
import { redemptionEventTypes } from "./loyalty/rewards/redemption-events.ts";
import { tierEventTypes } from "./loyalty/tiers/tier-events.ts";
import { ledgerEventTypes } from "./loyalty/wallets/ledger-events.ts";
import { webhookEventTypes } from "./webhooks/events.ts";
import { replayEventTypes } from "./webhooks/replay-event-types.ts";

export const eventTypes: readonly AnyEventType[] = [
  ...customerEventTypes,
  ...ledgerEventTypes,
  ...tierEventTypes,
  integrityViolated,
  ...redemptionEventTypes,
  ...membershipEventTypes,
  ...webhookEventTypes,
  ...replayEventTypes,
];
