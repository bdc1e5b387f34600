import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import type { Reader } from "../../kernel/table.ts";
import { Instant, InstantInput } from "../../kernel/time.ts";
import type { Entry } from "../ledger/entry.ts";
import { ledgerTimeIn } from "../ledger/ledger-time.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { walletNotFound, walletParams } from "../wallets/ledger-result.ts";
import { loadWallet } from "../wallets/load-wallet.ts";
import { WalletId, walletExample } from "../wallets/wallet.ts";
import { entriesOf, entryKey, entrySk, placeOfEntry } from "../wallets/wallet-keys.ts";
import { balanceAt, headAfter, reversedBefore } from "./balance-at.ts";
import { checkpointSpacing, headBy } from "./checkpoint.ts";

/** What one request reads at most between the two instants, give or take a checkpoint. */
const rangeEntriesMax = 10_000;
const Points = z.int().meta({ description: "Whole points." });

export const getWalletBalance = operation({
  id: "getWalletBalance",
  summary: "Get the balance of a wallet at an instant",
  description: `What a member had at \`at\`, with what the ledger had recorded by \`knownAt\`. An earning of Monday that was sent on Wednesday counts on Tuesday, unless you ask for what was known on Tuesday. What had become available or expired counts whether or not it was written down yet. Strongly consistent. The work grows with the entries recorded between the two instants, of which there may be ${rangeEntriesMax.toLocaleString("en-GB")}.`,
  method: "get",
  path: "/v1/wallets/{walletId}/balance",
  permission: "loyalty:read",
  params: walletParams,
  query: z.strictObject({
    at: InstantInput.optional().meta({ description: "When the balance held for the member. `knownAt` when left out." }),
    knownAt: InstantInput.optional().meta({ description: "What was recorded later does not count. Now when left out." }),
  }),
  success: {
    status: 200,
    output: z
      .object({
        object: z.literal("wallet_balance"),
        walletId: WalletId,
        at: Instant,
        knownAt: Instant,
        available: Points,
        pending: Points,
        held: Points,
        debt: Points,
      })
      .meta({ id: "WalletBalance" }),
    example: {
      object: "wallet_balance",
      walletId: walletExample.id,
      at: "2026-11-21T09:31:00.000Z",
      knownAt: "2026-11-21T09:31:00.000Z",
      available: 120,
      pending: 0,
      held: 0,
      debt: 0,
    },
  },
  problems: {
    ...walletNotFound,
    instant_in_future: { status: 422, title: "The balance of an instant is not known before it." },
    at_after_known_at: { status: 422, title: "`at` is after `knownAt`." },
    range_too_long: { status: 422, title: "Too many entries were recorded between `at` and `knownAt`." },
  },
  async run({ table, now, fail }, { params: { walletId }, query }) {
    const { head, program } = (await loadWallet(table, walletId, now)) ?? fail("wallet_not_found");
    // The clock that wrote last may be a little ahead of ours.
    const present = head.updatedAt > now.toISOString() ? head.updatedAt : now.toISOString();
    const { knownAt = present, at = knownAt } = query;
    if (at > present || knownAt > present) return fail("instant_in_future", { now: present });
    if (at > knownAt) return fail("at_after_known_at");
    const before = headBy(table, head, at);
    const [base, end] = await Promise.all([before, at === knownAt ? before : headBy(table, head, knownAt)]);
    const inBetween = end.sequence - base.sequence;
    if (inBetween > rangeEntriesMax) return fail("range_too_long", { entries: inBetween, entriesMax: rangeEntriesMax });
    const later = base === head ? [] : await entriesAfter(table, base, inBetween, knownAt);
    const known = await knownHead(table, end, later);
    const balances = balanceAt(base, later, known, ledgerTimeIn(program.timeZone, new Date(knownAt)), at);
    return plan({ object: "wallet_balance" as const, walletId, at, knownAt, ...balances });
  },
});

/** Those recorded by `knownAt`: `expected` ones, and up to the next checkpoint. */
async function entriesAfter(table: Reader, { id, sequence }: WalletHead, expected: number, knownAt: string): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let limit = expected + checkpointSpacing; ; limit = checkpointSpacing) {
    const after = entrySk(found.at(-1)?.seq ?? sequence);
    const rows = await table.query<Entry>({ from: "items", ...entriesOf(id), order: "ascending", after, limit });
    const known = rows.map(({ document }) => document).filter(({ recordedAt }) => recordedAt <= knownAt);
    found.push(...known);
    if (known.length < limit) return found;
  }
}

async function knownHead(table: Reader, end: WalletHead, later: readonly Entry[]): Promise<WalletHead> {
  const following = later.filter(({ seq }) => seq > end.sequence);
  const reversed = reversedBefore(end.sequence, following, (entryId) => placeOfEntry(entryId).seq);
  const entries = reversed.length === 0 ? [] : await table.getMany(reversed.map((entryId) => entryKey(end.id, placeOfEntry(entryId).seq)));
  return headAfter(
    end,
    following,
    entries.filter((entry) => entry !== undefined),
  );
}
