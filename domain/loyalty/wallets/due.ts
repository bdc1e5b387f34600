/** When something happens to a wallet by itself. Balances never wait for it: it is written down then, and told. */
import { dayMilliseconds } from "../../kernel/time.ts";
import { lastDayOf } from "../ledger/buckets.ts";
import { addDays, startOfDay } from "../ledger/calendar.ts";
import { pointsIn, type WalletHead } from "../ledger/wallet-head.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { tierDueOn } from "../tiers/tier-projection.ts";

export const rollKind = "roll_wallet";
/** So many entries fit in one transaction, with the heads and what else a command writes. */
export const entriesMax = 80;

/** How many days before points expire it is announced. */
export const announcedDays = [30, 7] as const;
export type Announcement = { readonly expiresOn: string; readonly points: number; readonly daysLeft: number };

const datesOf = (head: WalletHead): { lastDay: string; points: number }[] => {
  const dated = head.buckets.flatMap((bucket) => {
    const lastDay = lastDayOf(bucket, head);
    return lastDay === null ? [] : [{ lastDay, points: bucket.points }];
  });
  return [...Map.groupBy(dated, ({ lastDay }) => lastDay)].map(([lastDay, some]) => ({ lastDay, points: pointsIn(some) }));
};

/** What is to be announced by `today` and was not; the wallet remembers that it was. */
export function announce(head: WalletHead, today: string): { head: WalletHead; announcements: Announcement[] } {
  const announced: Record<string, string> = { ...head.announced };
  const announcements: Announcement[] = [];
  for (const days of announcedDays) {
    const horizon = addDays(today, days);
    for (const { lastDay, points } of datesOf(head)) {
      if (lastDay < today || lastDay > horizon || lastDay <= (announced[days] ?? "")) continue;
      announcements.push({ expiresOn: lastDay, points, daysLeft: daysBetween(today, lastDay) });
    }
    if (announcements.length > 0) announced[days] = horizon;
  }
  // Who hears of a date for the first time in its last week hears once.
  const once = [...new Map(announcements.map((one) => [one.expiresOn, one])).values()];
  return once.length === 0 ? { head, announcements: once } : { head: { ...head, announced }, announcements: once };
}

const daysBetween = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / dayMilliseconds);

/** Points become available, a hold runs out, points expire or will soon, a tier ends or will soon; undefined: nothing by itself. */
export function nextDueAt(head: WalletHead, { timeZone, tiers }: ProgramRecord): string | undefined {
  const { pending, holds, announced = {}, qualifying } = head;
  const lastDays = datesOf(head).map(({ lastDay }) => lastDay);
  const announcements = announcedDays.flatMap((days) => {
    const next = lastDays.filter((lastDay) => lastDay > (announced[days] ?? "")).toSorted()[0];
    return next === undefined ? [] : [addDays(next, -days)];
  });
  const expiries = lastDays.map((lastDay) => addDays(lastDay, 1));
  const activations = pending.slice(0, 1).map(({ activatesOn }) => activatesOn);
  const tierDue = tiers && qualifying && tierDueOn(tiers, qualifying);
  const firstDay = [...announcements, ...expiries, ...activations, ...(tierDue ? [tierDue] : [])].toSorted()[0];
  const hours = holds.map(({ expiresAt }) => expiresAt);
  return [...(firstDay === undefined ? [] : [startOfDay(firstDay, timeZone)]), ...hours].toSorted()[0];
}
