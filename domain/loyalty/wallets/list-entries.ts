import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../../kernel/page.ts";
import { entryTypes, type Entry as LedgerEntry } from "../ledger/entry.ts";
import { walletNotFound, walletParams } from "./ledger-result.ts";
import { Entry, EntryId, entryExample, toEntry } from "./wallet.ts";
import { entriesOf, entryKey, placeOfEntry, walletKey } from "./wallet-keys.ts";

export const entryNotFound = { entry_not_found: { status: 404, title: "There is no such entry." } } as const;

export const listEntries = operation({
  id: "listEntries",
  summary: "List the entries of a wallet",
  description: "Newest first, strongly consistent. What is due but was not written yet is not an entry yet, and counts in the wallet all the same.",
  method: "get",
  path: "/v1/wallets/{walletId}/entries",
  permission: "loyalty:read",
  params: walletParams,
  query: z.strictObject({ ...pageQuery, type: z.enum(entryTypes).optional() }),
  exampleAfter: ["earnPoints"],
  success: { status: 200, output: pageOf(Entry, "LedgerEntry"), example: { object: "list", data: [entryExample], hasMore: false } },
  problems: walletNotFound,
  async run({ table, cursor, page, fail }, { params, query: { limit, type } }) {
    if (!(await table.get(walletKey(params.walletId)))) return fail("wallet_not_found");
    const walk = walkQuery<LedgerEntry>(table, { from: "items", ...entriesOf(params.walletId), order: "descending" }, cursor);
    const { found, last } = await fillPage(limit, walk, ({ document }) => type === undefined || document.type === type);
    return plan(
      page(
        found.map(({ document }) => toEntry(document)),
        last?.position,
      ),
    );
  },
});

export const getEntry = operation({
  id: "getEntry",
  summary: "Get an entry",
  description: "Entries never change.",
  method: "get",
  path: "/v1/entries/{entryId}",
  permission: "loyalty:read",
  params: z.object({ entryId: EntryId }),
  success: { status: 200, output: Entry, example: entryExample },
  problems: entryNotFound,
  async run({ table, fail }, { params }) {
    const { walletId, seq } = placeOfEntry(params.entryId);
    return plan(toEntry((await table.get(entryKey(walletId, seq))) ?? fail("entry_not_found")));
  },
});
