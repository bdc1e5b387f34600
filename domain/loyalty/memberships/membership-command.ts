/** What the commands on a membership share: what they refuse, and the one document that they write. */
import * as z from "zod";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import type { EventDraft } from "../../kernel/event.ts";
import { type Change, create, type Placement, type Reader, replace } from "../../kernel/table.ts";
import { startOfDay } from "../ledger/calendar.ts";
import { loadWallet, type OpenWallet, walletNow } from "../wallets/load-wallet.ts";
import { type Membership, MembershipId, type MembershipResult, walletIdOfMembership } from "./membership.ts";
import { type MembershipPayment, membershipKey, membershipPaymentKeys } from "./membership-keys.ts";
import { isOver, membershipAt } from "./membership-life.ts";

export const membershipParams = z.object({ membershipId: MembershipId });
export const membershipNotFound = { membership_not_found: { status: 404, title: "There is no such membership." } } as const;
export const membershipOver = { membership_over: { status: 409, title: "The membership has lapsed or is cancelled; it can be started again." } } as const;

export type LoadedMembership = {
  /** As it was written last. */
  readonly kept: Membership;
  /** As it is now. */
  readonly present: Membership;
  readonly wallet: OpenWallet;
  /** What the payment was taken for before. */
  readonly paid: MembershipPayment | undefined;
};
/** The membership of a wallet, with the programme that decides what day it is, in one round trip. */
export async function loadMembership(table: Reader, membershipId: string, now: Date, reference?: string): Promise<LoadedMembership | undefined> {
  const walletId = walletIdOfMembership(membershipId);
  const wallet = await loadWallet<[Membership, ...MembershipPayment[]]>(table, walletId, now, {
    alongside: [membershipKey(walletId), ...membershipPaymentKeys(walletId, reference)],
  });
  if (!wallet) return undefined;
  const [kept, paid] = wallet.alongside;
  return kept && { kept, present: membershipAt(kept, wallet.time.today), wallet, paid };
}

/** The membership after a write, and the wallet, which no such write changes. */
export const toMembershipResult = (membership: Membership, wallet: OpenWallet): z.input<typeof MembershipResult> => ({
  object: "membership_result",
  membership,
  wallet: walletNow(wallet),
});

export const lapseKind = "lapse_membership";
/** Due when it ends, unless that is written already. */
export const placementOf = (membership: Membership, timeZone: string): Placement =>
  isOver(membership) ? {} : { due: { at: startOfDay(membership.endsOn, timeZone), kind: lapseKind } };

/** `membership` in the place of `before`, and what is told of that, in order. */
export function membershipChange(before: Membership | undefined, membership: Membership, timeZone: string, ...told: (EventDraft | undefined)[]): Change {
  const options = { placement: placementOf(membership, timeZone), events: told.filter((event) => event !== undefined) };
  const key = membershipKey(membership.walletId);
  return before ? replace(key, before, membership, options) : create(key, membership, options);
}

/** A payment's id: it starts or renews a membership of the wallet once, for ever. */
export type Payment = MembershipPayment & { readonly reference: string | undefined };
export const paymentOf = (command: "start" | "renew", { reference, ...asked }: { reference?: string | undefined }): Payment => ({
  command,
  asked: canonicalJson(asked),
  reference,
});
export const paymentChanges = (walletId: string, { reference, ...payment }: Payment): Change[] =>
  membershipPaymentKeys(walletId, reference).map((key) => create(key, payment));
export const isSamePayment = (one: MembershipPayment, other: MembershipPayment): boolean => one.command === other.command && one.asked === other.asked;
