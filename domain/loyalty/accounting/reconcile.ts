/**
 * Reconciling a wallet: goes through its entries once, in order, checks each of them and compares the head with what they
 * sum to. Where it stands is the watermark, so that whatever comes twice counts once.
 */
import { isDeepStrictEqual } from "node:util";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import { type Entry, entryHash, firstPrevHash } from "../ledger/entry.ts";
import { balancesOf, type WalletHead } from "../ledger/wallet-head.ts";
import { type Dues, duesOf } from "./dues.ts";
import type { Invariant, Violation } from "./integrity-violated.ts";
import { type Amounts, addAmounts, amountsOf, imbalanceOf } from "./movements.ts";

/** How far a wallet's entries are counted. */
export type Watermark = {
  readonly version: number;
  /** Of the last entry that is counted. */
  readonly seq: number;
  readonly lastHash: string;
  /** What the entries sum to. */
  readonly balances: Amounts;
  /** By how much the head was found to differ from `balances`, so that a lasting difference is told once. */
  readonly headDrift: Amounts;
  /** When the points fall due, as the head said last. */
  readonly dues: Dues;
};
export const newWatermark: Watermark = { version: 0, seq: 0, lastHash: firstPrevHash, balances: {}, headDrift: {}, dues: {} };

/** An entry that was written again, or taken away: neither must ever be. */
export type AlteredEntry = { readonly seq: number; readonly hash: string; readonly nowHash: string | undefined };
/** What the stream or the table say of a wallet, in any order, some of it known already. */
export type Sightings = {
  readonly entries: readonly Entry[];
  /** In the order in which they were written. */
  readonly heads: readonly WalletHead[];
  readonly altered: readonly AlteredEntry[];
};
type Finding = Pick<Violation, "invariant" | "seq" | "expected" | "actual">;
export type Reconciled = {
  readonly watermark: Watermark;
  readonly counted: readonly Entry[];
  readonly findings: readonly Finding[];
  /** Whether `entriesMax` left nothing over. */
  readonly isDone: boolean;
};

const knownSequence = ({ entries, heads }: Pick<Sightings, "entries" | "heads">): number =>
  Math.max(0, ...entries.map(({ seq }) => seq), ...heads.map(({ sequence }) => sequence));

/** Entries after the watermark, each once, in order. */
function newEntries({ entries }: Pick<Sightings, "entries">, { seq }: Watermark): Entry[] {
  const bySeq = new Map(entries.filter((entry) => entry.seq > seq).map((entry) => [entry.seq, entry]));
  return [...bySeq.values()].toSorted((one, other) => one.seq - other.seq);
}

/** Whether one of the next `count` entries is missing, up to all that is known to be written. */
export function lacksEntries(sightings: Sightings, watermark: Watermark, count: number): boolean {
  const next = newEntries(sightings, watermark).slice(0, count);
  return (
    next.some(({ seq }, index) => seq !== watermark.seq + 1 + index) || watermark.seq + next.length < Math.min(knownSequence(sightings), watermark.seq + count)
  );
}

/**
 * Goes on from the watermark by up to `entriesMax` entries; what follows has its turn when this is counted. Entries that are
 * missing in `sightings` are taken to be missing for good.
 */
export function reconcile(before: Watermark, sightings: Sightings, entriesMax: number): Reconciled {
  const waiting = newEntries(sightings, before);
  const counted = waiting.slice(0, entriesMax);
  const findings: Finding[] = sightings.altered.map(findingOfAlteration);
  let watermark = compareHeads(before, sightings.heads, findings);
  for (const entry of counted) {
    findings.push(...faultsOf(entry, watermark));
    const balances = addAmounts(watermark.balances, amountsOf(entry));
    watermark = compareHeads({ ...watermark, seq: entry.seq, lastHash: entry.hash, balances }, sightings.heads, findings);
  }
  const isDone = counted.length === waiting.length;
  // A head that is ahead of all entries tells of some that do not exist.
  if (isDone)
    for (const { sequence } of sightings.heads.filter((head) => head.sequence > watermark.seq))
      findings.push({ invariant: "sequence_without_gaps", seq: sequence, expected: String(watermark.seq), actual: String(sequence) });
  const isChanged = counted.length > 0 || watermark !== before;
  return { watermark: isChanged ? { ...watermark, version: before.version + 1 } : before, counted, findings, isDone };
}

const findingOfAlteration = ({ seq, hash, nowHash }: AlteredEntry): Finding =>
  nowHash === undefined
    ? { invariant: "sequence_without_gaps", seq, expected: hash, actual: "removed" }
    : { invariant: "chain_verifies", seq, expected: hash, actual: nowHash };

function faultsOf(entry: Entry, { seq, lastHash }: Watermark): Finding[] {
  const fault = (invariant: Invariant, expected: string | number, actual: string | number): Finding => ({
    invariant,
    seq: entry.seq,
    expected: String(expected),
    actual: String(actual),
  });
  const { hash, ...body } = entry;
  const isNext = entry.seq === seq + 1;
  const sum = imbalanceOf(amountsOf(entry));
  const trueHash = entryHash(body);
  return [
    ...(isNext ? [] : [fault("sequence_without_gaps", seq + 1, entry.seq)]),
    ...(sum === 0 ? [] : [fault("postings_sum_to_zero", 0, sum)]),
    // After a gap nobody knows which hash was the last.
    ...(isNext && entry.prevHash !== lastHash ? [fault("chain_verifies", lastHash, entry.prevHash)] : []),
    ...(trueHash === hash ? [] : [fault("chain_verifies", trueHash, hash)]),
  ].filter((finding, index, all) => all.findIndex(({ invariant }) => invariant === finding.invariant) === index);
}

/** Compares the heads of exactly this sequence: those of earlier ones come late, those of later ones have their turn. */
function compareHeads(watermark: Watermark, heads: readonly WalletHead[], findings: Finding[]): Watermark {
  let { headDrift, dues } = watermark;
  for (const head of heads.filter(({ sequence }) => sequence === watermark.seq)) {
    const actual = addAmounts({}, balancesOf(head));
    const drift = addAmounts(actual, negated(watermark.balances));
    dues = duesOf(head);
    if (isDeepStrictEqual(drift, headDrift)) continue;
    headDrift = drift;
    if (Object.keys(drift).length > 0)
      findings.push({ invariant: "head_equals_fold", seq: watermark.seq, expected: canonicalJson(watermark.balances), actual: canonicalJson(actual) });
  }
  const isSame = headDrift === watermark.headDrift && isDeepStrictEqual(dues, watermark.dues);
  return isSame ? watermark : { ...watermark, headDrift, dues };
}
const negated = (amounts: Amounts): Amounts => Object.fromEntries(Object.entries(amounts).map(([account, points]) => [account, -points]));
