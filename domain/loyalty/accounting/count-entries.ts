/**
 * Counting: what the stream says of a programme's wallets becomes changes of their watermarks and of the programme's tallies,
 * which are committed together. So each entry counts exactly once, however often and by how many consumers it is delivered.
 *
 * Cost, as measured: a watermark and the tallies of a day and its month take 2 write units each, being under 1 KB and written
 * in a transaction; the month's takes 4 once it has outgrown 1 KB, with all kinds of entries and two years of dues. So an
 * entry that comes alone costs 6 to 8, one of fourteen that come together about 2.4, and one of six of the same wallet 1.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { tell } from "../../kernel/event.ts";
import { type Change, Contention, create, type Key, type Reader, replace } from "../../kernel/table.ts";
import { programKey } from "../keys.ts";
import { todayIn } from "../ledger/calendar.ts";
import type { Entry } from "../ledger/entry.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { entriesOf, entrySk } from "../wallets/wallet-keys.ts";
import { accountingShards, tallyKeys, violationKey, watermarkKey } from "./accounting-keys.ts";
import { duesBetween } from "./dues.ts";
import { integrityViolated, type Violation } from "./integrity-violated.ts";
import { lacksEntries, newWatermark, type Reconciled, reconcile, type Sightings, type Watermark } from "./reconcile.ts";
import { addCounts, type Count, countOfDay, countOfDues, countOfEntry, countOfViolation, dayOfEntry, nothing, type Tally, tallyAfter } from "./tally.ts";

/** What is known of each wallet by its id. */
export type SightingsByWallet = ReadonlyMap<string, Sightings>;

/**
 * So many sightings at once, so many entries of one wallet, and so many changes for the entries of all wallets but the last:
 * even when nothing is as it must be, that is a watermark and a violation for each sighting, three violations and two tallies
 * for each entry of the last wallet, and two tallies for today: 96 of the 100 changes that a transaction holds.
 */
export const sightingsMax = 28;
const entriesMax = 6;
const changesForEntriesMax = 8;

type ReconciledWallet = Reconciled & { readonly walletId: string; readonly before: Watermark };

/**
 * The next changes, and whether that is all. The caller commits them and asks again.
 * @throws Contention when entries are missing that were written but cannot be seen yet; on the last look they are missing for good.
 */
export async function countEntries(
  table: Reader,
  programId: string,
  sightings: SightingsByWallet,
  now: Date,
  isLastLook: boolean,
): Promise<{ changes: Change[]; isDone: boolean }> {
  const [program, ...watermarks] = await table.getMany<object>([programKey(programId), ...[...sightings.keys()].map(watermarkKey)]);
  const timeZone = (program as ProgramRecord | undefined)?.timeZone ?? "UTC";
  const wallets: ReconciledWallet[] = [];
  for (const [index, [walletId, seen]] of [...sightings].entries()) {
    const before = (watermarks[index] as Watermark | undefined) ?? newWatermark;
    wallets.push({ walletId, before, ...reconcile(before, await completed(table, walletId, seen, before, isLastLook), entriesMax) });
    if (changesForEntries(wallets, timeZone) > changesForEntriesMax) break;
  }
  const changes = await changesOf(table, programId, wallets, timeZone, now);
  return { changes, isDone: wallets.length === sightings.size && wallets.every(({ isDone }) => isDone) };
}

/** Only what brings the watermarks forward, so that this cannot stop at the same place again and again. */
function changesForEntries(wallets: readonly ReconciledWallet[], timeZone: string): number {
  const days = new Set(wallets.flatMap(({ counted }) => counted.map((entry) => dayOfEntry(entry, timeZone))));
  const findings = wallets.flatMap(({ counted, findings: all }) => all.filter((finding) => counted.some(({ seq }) => seq === finding.seq)));
  return 2 * days.size + findings.length;
}

/** With what the stream has not brought: it forgets after a day, and a head may come before its entries. */
async function completed(table: Reader, walletId: string, seen: Sightings, watermark: Watermark, isLastLook: boolean): Promise<Sightings> {
  // One more than are counted, to know whether there is more.
  const wanted = entriesMax + 1;
  if (!lacksEntries(seen, watermark, wanted)) return seen;
  const { pk, skPrefix } = entriesOf(walletId);
  const rows = await table.query<Entry>({ from: "items", pk, beyondSk: entrySk(watermark.seq), order: "ascending", limit: wanted });
  const stored = rows.filter(({ sk }) => sk.startsWith(skPrefix)).map(({ document }) => document);
  // What the stream brought is what was written first.
  const whole = { ...seen, entries: [...stored, ...seen.entries] };
  if (!isLastLook && lacksEntries(whole, watermark, wanted)) throw new Contention(`Entries of ${walletId} after ${watermark.seq} are not all there yet.`);
  return whole;
}

async function changesOf(table: Reader, programId: string, wallets: readonly ReconciledWallet[], timeZone: string, now: Date): Promise<Change[]> {
  const today = todayIn(timeZone, now);
  const violations = await newViolations(table, wallets, now);
  const counts = [
    ...wallets.flatMap(({ counted }) => counted.map((entry) => [dayOfEntry(entry, timeZone), countOfEntry(entry)] as const)),
    ...violations.map(({ invariant }) => [today, countOfViolation(invariant)] as const),
    ...wallets.map(({ before, watermark }) => [today, countOfDues(duesBetween(before.dues, watermark.dues))] as const),
  ];
  return [
    ...wallets.flatMap(watermarkChange),
    ...violations.map((violation) => create(keyOfViolation(violation), violation, { events: [tell(integrityViolated)] })),
    ...(await tallyChanges(table, programId, shardOf(wallets), counts, now)),
  ];
}

function watermarkChange({ walletId, before, watermark }: ReconciledWallet): Change[] {
  if (watermark === before) return [];
  const key = watermarkKey(walletId);
  return [before.version === 0 ? create(key, watermark) : replace(key, before, watermark)];
}

const keyOfViolation = ({ walletId, invariant, seq }: Violation): Key<Violation> => violationKey(walletId, invariant, seq);

/** Those that were not told before. */
async function newViolations(table: Reader, wallets: readonly ReconciledWallet[], now: Date): Promise<Violation[]> {
  const found = wallets.flatMap(({ walletId, findings }) =>
    findings.map((finding): Violation => ({ object: "integrity_violation", walletId, ...finding, foundAt: now.toISOString() })),
  );
  const different = [...new Map(found.map((violation) => [JSON.stringify(keyOfViolation(violation)), violation])).values()];
  if (different.length === 0) return [];
  const known = await table.getMany(different.map(keyOfViolation));
  return different.filter((_, index) => !known[index]);
}

/** Any shard will do, since tallies are added; consumers that count other wallets at the same time likely take another. */
const shardOf = (wallets: readonly ReconciledWallet[]): number =>
  createHash("sha256")
    .update(wallets[0]?.walletId ?? "")
    .digest()
    .readUInt32BE(0) % accountingShards;

/** The tallies of each day and of its month, with what is counted now. */
async function tallyChanges(table: Reader, programId: string, shard: number, counts: readonly (readonly [string, Count])[], now: Date): Promise<Change[]> {
  const sums = new Map<string, { key: Key<Tally>; count: Count }>();
  for (const [date, count] of counts) {
    const { day, month } = tallyKeys(programId, shard, date);
    for (const key of [day, month]) sums.set(key.sk, { key, count: addCounts(sums.get(key.sk)?.count ?? nothing, key === day ? countOfDay(count) : count) });
  }
  const tallies = [...sums.values()].filter(({ count }) => !isDeepStrictEqual(count, nothing));
  if (tallies.length === 0) return [];
  const known = await table.getMany(tallies.map(({ key }) => key));
  return tallies.map(({ key, count }, index) => {
    const before = known[index];
    const after = tallyAfter(before, count, now);
    return before ? replace(key, before, after) : create(key, after);
  });
}
