/** The wallets of the bench, computed from their number, and what operations would write to them. */
import type { Caller } from "../domain/kernel/caller.ts";
import type { SingleOperation } from "../domain/kernel/operation.ts";
import { type Change, create, replace } from "../domain/kernel/table.ts";
import { endOfMonth } from "../domain/loyalty/ledger/calendar.ts";
import type { Entry } from "../domain/loyalty/ledger/entry.ts";
import { apply, type Command } from "../domain/loyalty/ledger/ledger.ts";
import { ledgerTimeIn } from "../domain/loyalty/ledger/ledger-time.ts";
import type { WalletHead } from "../domain/loyalty/ledger/wallet-head.ts";
import { walletIdOf } from "../domain/loyalty/wallets/wallet.ts";
import { entryKey, walletKey } from "../domain/loyalty/wallets/wallet-keys.ts";
import { noEffects } from "../functions/shell/effects.ts";
import { partitionOf } from "../functions/shell/execute.ts";
import { newId, newSecret } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";
import { customerIdOf } from "./population.ts";

export const programId = customerIdOf(0).replace("cus_", "prg_");
export const walletOf = (index: number): string => walletIdOf(customerIdOf(index), programId);

/** What the operation would write for a request, as the shell would commit it. The programme of the bench is the only one. */
export async function changesOf(operation: SingleOperation, caller: Caller, params: object, body: object): Promise<readonly Change[]> {
  const now = new Date();
  const context = {
    table: openTable(partitionOf(caller), () => now),
    now,
    caller,
    outside: noEffects,
    newId: (prefix: string) => (prefix === "prg" ? programId : newId(prefix, now)),
    newSecret,
    cursor: undefined,
    page: <Item>(data: Item[]) => ({ object: "list" as const, data, hasMore: false }),
    fail(code: string): never {
      throw new Error(`${operation.id}: ${code}`);
    },
  };
  return (await operation.run(context, { params, query: {}, body: operation.body?.parse(body) })).changes;
}

const entriesPerTransaction = 99;
const monthsAhead = 24;

/**
 * Lengthens a wallet's history by so many entries, earnings and redemptions in turn, without asking the API one by one and
 * without telling anybody. The points have `dates` different dates to expire on, at most 25.
 */
export async function seedHistory(partition: string, walletId: string, entries: number, dates = 1): Promise<void> {
  const table = openTable(partition);
  const time = ledgerTimeIn("Europe/Paris", new Date());
  let before = (await table.get(walletKey(walletId))) as WalletHead;
  let head = before;
  let waiting: Entry[] = [];
  const flush = async () => {
    const after = { ...head, version: before.version + 1 };
    await table.commit([replace(walletKey(walletId), before, after), ...waiting.map((entry) => create(entryKey(walletId, entry.seq), entry))], () => []);
    before = after;
    waiting = [];
  };
  for (let count = 0; count < entries; count++) {
    const expiresOn = endOfMonth(new Date(Date.UTC(time.now.getUTCFullYear(), time.now.getUTCMonth() + monthsAhead - (count % dates))).toISOString());
    const command: Command = count >= dates && count % 2 === 0 ? { kind: "redeem", points: 1 } : { kind: "earn", points: 100, expiresOn };
    const applied = apply(head, command, time);
    if (applied.kind === "refused") throw new Error(applied.code);
    head = applied.head;
    waiting.push(...applied.entries);
    if (waiting.length >= entriesPerTransaction) await flush();
  }
  if (waiting.length > 0) await flush();
}
