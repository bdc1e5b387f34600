/** Every kind of due work of the product. */
import { purgeCustomer } from "./customers/purge-customer.ts";
import type { AnyDueWork } from "./kernel/due-work.ts";
import { lapseMembership } from "./loyalty/memberships/lapse-membership.ts";
import { rollWallet } from "./loyalty/wallets/roll-wallet.ts";
import { expireApiKey } from "./tenants/expire-api-key.ts";
import { advanceReplay } from "./webhooks/advance-replay.ts";
import { resumeDelivery } from "./webhooks/resume-delivery.ts";

export const dueWork: readonly AnyDueWork[] = [purgeCustomer, expireApiKey, rollWallet, lapseMembership, resumeDelivery, advanceReplay];
