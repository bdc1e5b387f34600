/** What the stream shows of wallets: their heads and entries, as they were written. */
import { type Entry, entryHash } from "../ledger/entry.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { programIdOf } from "../wallets/wallet.ts";
import { entriesOf, walletKey } from "../wallets/wallet-keys.ts";
import type { AlteredEntry, Sightings } from "./reconcile.ts";

/** The documents of a written item as text; `before` is absent when it was new, `after` when it was removed. */
type Images = { readonly before?: string | undefined; readonly after?: string | undefined };
export type Seen = { readonly walletId: string; readonly programId: string } & (
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "head"; readonly head: WalletHead }
  | ({ readonly kind: "altered" } & AlteredEntry)
);

const walletOf = /^W#(wal_.+)$/;
const headSk = walletKey("").sk;
const entryPrefix = entriesOf("").skPrefix;

/** Undefined for what is no head and no entry of a wallet, and for an entry that was written again as it was. */
export function seenItem({ pk, sk }: { pk: string; sk: string }, { before, after }: Images): Seen | undefined {
  const walletId = walletOf.exec(pk)?.[1];
  if (walletId === undefined) return undefined;
  const of = { walletId, programId: programIdOf(walletId) };
  if (sk === headSk) return after === undefined ? undefined : { ...of, kind: "head", head: JSON.parse(after) };
  if (!sk.startsWith(entryPrefix) || before === after) return undefined;
  if (before === undefined) return { ...of, kind: "entry", entry: JSON.parse(after as string) };
  const { seq, hash } = JSON.parse(before) as Entry;
  return { ...of, kind: "altered", seq, hash, nowHash: after === undefined ? undefined : hashOf(JSON.parse(after)) };
}

/** The one that it should have, whatever it says. */
const hashOf = ({ hash: _, ...body }: Entry): string => entryHash(body);

export function sightingsOf(seen: readonly Seen[]): Map<string, Sightings> {
  const ofWallet = (items: readonly Seen[]): Sightings => ({
    entries: items.flatMap((item) => (item.kind === "entry" ? [item.entry] : [])),
    heads: items.flatMap((item) => (item.kind === "head" ? [item.head] : [])),
    altered: items.flatMap((item) => (item.kind === "altered" ? [item] : [])),
  });
  return new Map([...Map.groupBy(seen, ({ walletId }) => walletId)].map(([walletId, items]) => [walletId, ofWallet(items)]));
}
