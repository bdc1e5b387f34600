/** Wallets of one programme that live through random commands of the real ledger, and a table of just what accounting asks. */
import { type Change, Contention, type Key, type Query, type Reader, type Row } from "../../kernel/table.ts";
import type { Dice } from "../ledger/dice.test-model.ts";
import type { Bucket, Entry } from "../ledger/entry.ts";
import { apply, type Command } from "../ledger/ledger.ts";
import { ledgerTimeIn } from "../ledger/ledger-time.ts";
import { newWalletHead, type WalletHead } from "../ledger/wallet-head.ts";

export const zone = "America/New_York";
const ulid = (text: string) => text.padStart(26, "0");
export const programId = `prg_${ulid("7")}`;
const walletIds = ["1", "2", "3"].map((number) => `wal_${ulid(number)}${ulid("7")}`);

/** What one command wrote. */
export type Written = { readonly walletId: string; readonly head: WalletHead; readonly entries: readonly Entry[] };

export function randomLedger(dice: Dice, commands: number): Written[] {
  const written: Written[] = [];
  const heads = new Map<string, WalletHead>();
  const tallies = new Map<string, number>();
  const undoable: Entry[] = [];
  let now = Date.parse("2027-10-20T15:00:00.000Z");
  for (const id of walletIds) heads.set(id, newWalletHead({ id, customerId: "cus_1", programId, livemode: true, metadata: {} }, new Date(now)));
  const dayIn = (days: number) => ledgerTimeIn(zone, new Date(now + days * 86_400_000)).today;

  const run = (walletId: string, command: Command): Entry | undefined => {
    const result = apply(heads.get(walletId) as WalletHead, command, ledgerTimeIn(zone, new Date(now)));
    if (result.kind === "refused" || result.entries.length === 0) return undefined;
    const stored: Written = JSON.parse(JSON.stringify({ walletId, head: result.head, entries: result.entries }));
    heads.set(walletId, stored.head);
    written.push(stored);
    undoable.push(...stored.entries);
    return stored.entries.find(({ id }) => id === result.entry?.id);
  };
  const undo = (entry: Entry) => {
    const reversedBefore = tallies.get(entry.id) ?? 0;
    if (entry.points - reversedBefore < 1) return;
    const points = dice.between(1, entry.points - reversedBefore);
    const command = { entry, reversedBefore, points };
    const expiresOn = dayIn(dice.between(1, 90));
    const debtPolicy = dice.of(["forbid", "within_balance", "allow_negative"] as const);
    const done = run(
      entry.walletId,
      entry.type === "expire"
        ? { kind: "reinstate", ...command, expiresOn }
        : { kind: "reverse", ...command, debtPolicy, graceExpiresOn: dice.of([undefined, expiresOn]) },
    );
    tallies.set(entry.id, reversedBefore + (done?.points ?? 0));
  };
  const transfer = (from: string, to: string, points: number) => {
    const buckets = run(from, { kind: "transfer_out", points })?.allocations as Bucket[] | undefined;
    if (buckets) run(to, { kind: "transfer_in", buckets });
  };

  for (let number = 1; number <= commands; number++) {
    const walletId = dice.of(walletIds);
    const points = dice.between(1, 200);
    const expiresOn = dice.of([null, dayIn(dice.between(0, 60))]);
    const holdId = `hld_${number}`;
    const open = heads.get(walletId)?.holds[0]?.id;
    const deed = dice.between(0, 11);
    if (deed <= 3) run(walletId, { kind: "earn", points, expiresOn, activatesOn: dice.of([undefined, dayIn(dice.between(1, 9))]) });
    else if (deed === 4) run(walletId, { kind: "redeem", points });
    else if (deed === 5) run(walletId, { kind: "authorize", holdId, points, expiresAt: new Date(now + dice.between(1, 400) * 3_600_000).toISOString() });
    else if (deed === 6 && open) run(walletId, dice.chance(0.6) ? { kind: "capture", holdId: open } : { kind: "void", holdId: open });
    else if (deed === 7 && undoable.length > 0) undo(dice.of(undoable));
    else if (deed === 8) transfer(walletId, dice.of(walletIds.filter((id) => id !== walletId)), points);
    else if (deed === 9) run(walletId, { kind: "adjust", points: dice.of([points, -points]), expiresOn, debtPolicy: "allow_negative" });
    else if (deed === 10) run(walletId, { kind: "roll" });
    else now += dice.between(1, 20) * 5 * 3_600_000;
  }
  return written;
}

const textOf = ({ pk, sk }: Key): string => `${pk}\n${sk}`;

/** Documents under keys; a commit happens as a whole, or throws what the real one throws. */
export class MemoryTable implements Reader {
  readonly documents = new Map<string, object>();
  readonly told: string[] = [];

  set(key: Key, document: object): void {
    this.documents.set(textOf(key), document);
  }
  async get<Document extends object>(key: Key<Document>) {
    return this.documents.get(textOf(key)) as Document | undefined;
  }
  async getMany<Document extends object>(keys: readonly Key<Document>[]) {
    if (keys.length > 100) throw new RangeError(`${keys.length} keys`);
    return keys.map((key) => this.documents.get(textOf(key)) as Document | undefined);
  }
  async query<Document extends object>({ pk, skPrefix = "", beyondSk = "", limit }: Query): Promise<Row<Document>[]> {
    const rows = [...this.documents].map(([text, document]) => ({ text: text.split("\n") as [string, string], document: document as Document }));
    return rows
      .filter(({ text }) => text[0] === pk && text[1].startsWith(skPrefix) && text[1] > beyondSk)
      .map(({ text: [, sk], document }) => ({ document, sk, position: sk }))
      .toSorted((one, other) => (one.sk < other.sk ? -1 : 1))
      .slice(0, limit);
  }
  commit(changes: readonly Change[]): void {
    if (changes.length > 100) throw new RangeError(`${changes.length} changes`);
    for (const change of changes) {
      if (change.kind === "count") throw new RangeError("Accounting has no counters.");
      const there = this.documents.get(textOf(change.key)) as { version?: number } | undefined;
      const isMet = change.expects === "absent" ? !there : change.expects === "anything" || there?.version === change.expects;
      if (!isMet) throw new Contention(textOf(change.key));
    }
    for (const change of changes) if (change.kind === "put") this.set(change.key, JSON.parse(JSON.stringify(change.document)));
    this.told.push(...changes.flatMap((change) => (change.kind === "put" ? change.events.map(({ type }) => type) : [])));
  }
}
