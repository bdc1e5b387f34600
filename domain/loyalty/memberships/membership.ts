/**
 * Membership: what a member has paid for in a programme. Paid period: from the day on which it begins to the day on which
 * the next one would. Grace: the days after the last one in which the benefits are kept. Days are the programme's.
 */
import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { recordFields } from "../../kernel/revision.ts";
import { text } from "../../kernel/text.ts";
import { Instant } from "../../kernel/time.ts";
import { Wallet, WalletId, walletExample } from "../wallets/wallet.ts";
import { MembershipBenefits, termsShape } from "./membership-plan.ts";

/** A wallet has one membership, and its id follows from the wallet's. */
export const MembershipId = idOf("mbr", 2);
export const membershipIdOf = (walletId: string): string => `mbr_${walletId.slice("wal_".length)}`;
export const walletIdOfMembership = (membershipId: string): string => `wal_${membershipId.slice("mbr_".length)}`;

const Day = z.iso.date().meta({ description: "A date in the programme's time zone.", example: "2027-11-21" });
const PaidPeriod = z
  .object({ from: Day, until: Day.meta({ description: "The first day that does not belong to it any more." }), ...termsShape })
  .meta({ id: "PaidPeriod", description: "What is paid for, with the plan's price and benefits of the day on which that was told." });
export type PaidPeriod = z.output<typeof PaidPeriod>;

export const CancellationReason = text(200);
export const Membership = z
  .object({
    id: MembershipId,
    object: z.literal("membership"),
    walletId: WalletId,
    customerId: idOf("cus"),
    programId: idOf("prg"),
    planId: idOf("mpl"),
    status: z.enum(["scheduled", "active", "grace", "lapsed", "canceled"]).meta({
      description: "`scheduled`: starts later. `active`: paid for. `grace`: paid for no more, but the benefits are kept. `lapsed`, `canceled`: over.",
    }),
    startsOn: Day,
    paidUntil: Day.meta({ description: "The first day that is not paid for: the day on which the next period begins." }),
    endsOn: Day.meta({ description: "The first day without benefits, unless it is renewed: after the days of grace, or when a cancellation takes effect." }),
    renewalDay: z.int().min(1).max(31).meta({ description: "The day of the month on which periods begin; the last one where a month is shorter." }),
    benefits: MembershipBenefits.meta({ description: "What the member has now." }),
    periods: z.array(PaidPeriod).meta({ description: "Paid for, from the one at the last change on; periods on the same terms are shown as one." }),
    cancellation: z.object({ at: Instant, effectiveOn: Day, reason: CancellationReason.optional() }).meta({ id: "MembershipCancellation" }).optional(),
    ...recordFields,
  })
  .meta({ id: "Membership" });
/** What is kept of a membership: as it was when it was written. `membershipAt` tells what it is now. */
export type Membership = z.output<typeof Membership>;

/** What every write on a membership answers. */
export const MembershipResult = z.object({ object: z.literal("membership_result"), membership: Membership, wallet: Wallet }).meta({ id: "MembershipResult" });

const terms = {
  price: { amountMinor: 3900, currency: "EUR" },
  period: { unit: "year" as const, count: 1 },
  graceDays: 14,
  benefits: { earnMultiplier: 2, entitlements: ["free_delivery"] },
};
export const membershipExample = {
  id: `mbr_${"01JD3S8K9ZQ4T7N2V5X8B1C6F0".repeat(2)}`,
  object: "membership" as const,
  walletId: `wal_${"01JD3S8K9ZQ4T7N2V5X8B1C6F0".repeat(2)}`,
  customerId: "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  planId: "mpl_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  status: "active" as const,
  startsOn: "2026-11-21",
  paidUntil: "2027-11-21",
  endsOn: "2027-12-05",
  renewalDay: 21,
  benefits: terms.benefits,
  periods: [{ from: "2026-11-21", until: "2027-11-21", ...terms }],
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
export const renewedMembershipExample = {
  ...membershipExample,
  paidUntil: "2028-11-21",
  endsOn: "2028-12-05",
  periods: [{ from: "2026-11-21", until: "2028-11-21", ...terms }],
  version: 2,
};
export const membershipResultExample = { object: "membership_result" as const, membership: membershipExample, wallet: walletExample };
