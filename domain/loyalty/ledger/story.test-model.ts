/** A wallet and what happens to it, told in dates. After each command its head must be the fold of its entries. */
import { isDeepStrictEqual } from "node:util";
import type { Bucket, Entry } from "./entry.ts";
import { foldEntries, foldedPartOf } from "./fold.ts";
import { apply, type Command, type DebtPolicy } from "./ledger.ts";
import { ledgerTimeIn } from "./ledger-time.ts";
import { balancesOf, newWalletHead, type WalletHead } from "./wallet-head.ts";

const zone = "America/New_York";
const noon = (date: string) => new Date(`${date}T17:00:00.000Z`);

/** A wallet that lives through commands, each at noon of a date in New York or at an instant. */
export class Story {
  head: WalletHead = newWalletHead({ id: "wal_1", customerId: "cus_1", programId: "prg_1", livemode: true, metadata: {} }, noon("2027-01-01"));
  readonly entries: Entry[] = [];

  at(when: string, command: Command): Entry {
    const result = this.try(when, command);
    if (result.kind === "refused") throw new Error(result.code);
    this.head = result.head;
    this.entries.push(...result.entries);
    if (!isDeepStrictEqual(foldEntries(this.entries), foldedPartOf(this.head))) throw new Error("The head is not the fold of the entries.");
    return (result.entry ?? result.entries.at(-1)) as Entry;
  }
  try = (when: string, command: Command) => apply(this.head, command, ledgerTimeIn(zone, when.includes("T") ? new Date(when) : noon(when)));
  earn = (when: string, points: number, expiresOn: string | null, activatesOn?: string) => this.at(when, { kind: "earn", points, expiresOn, activatesOn });
  redeem = (when: string, points: number) => this.at(when, { kind: "redeem", points });
  reverse = (when: string, entry: Entry, points: number, debtPolicy: DebtPolicy = "forbid", reversedBefore = 0, graceExpiresOn?: string) =>
    this.at(when, { kind: "reverse", entry, points, debtPolicy, reversedBefore, graceExpiresOn });
  get balances(): Record<string, number> {
    return Object.fromEntries(Object.entries(balancesOf(this.head)).filter(([, points]) => points !== 0));
  }
  get buckets(): [string | null, number][] {
    return inShort(this.head.buckets);
  }
}
export const inShort = (buckets: readonly Bucket[]): [string | null, number][] => buckets.map(({ expiresOn, points }) => [expiresOn, points]);
