import * as z from "zod";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import { operation, plan } from "../../kernel/operation.ts";
import type { Reader } from "../../kernel/table.ts";
import { Instant } from "../../kernel/time.ts";
import type { Entry as LedgerEntry } from "../ledger/entry.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { entryNotFound } from "../wallets/list-entries.ts";
import { Entry, EntryId, entryExample, toEntry } from "../wallets/wallet.ts";
import { entriesOf, entryKey, entrySk, placeOfEntry, walletKey } from "../wallets/wallet-keys.ts";
import { checkpointFrom } from "./checkpoint.ts";

/** The `typ` of the signature. */
export const anchorType = "ledger-anchor+jws";

const Anchor = z
  .object({ seq: z.int(), hash: z.string(), recordedAt: Instant })
  .meta({ id: "LedgerAnchor", description: "The entry that the chain leads to: the next checkpoint, or the wallet's last entry." });
const EntryProof = z
  .object({
    object: z.literal("entry_proof"),
    entry: Entry,
    canonical: z.string().meta({ description: "The text whose SHA-256 is the entry's `hash`: canonical JSON (RFC 8785), `prevHash` included." }),
    links: z
      .array(Entry)
      .meta({ description: "The entries after it, up to the anchor: each has the hash of the one before as `prevHash`. Usually fewer than 64." }),
    anchor: Anchor,
    signature: z.string().meta({
      description: `Compact JWS (RFC 7515, EdDSA, \`typ\` ${anchorType}) over \`{ walletId, seq, hash, recordedAt, tenantId, livemode }\` of the anchor, under a key of \`/.well-known/jwks.json\`.`,
    }),
  })
  .meta({ id: "EntryProof" });

const { object: _, hash, ...hashedExample } = entryExample;

export const getEntryProof = operation({
  id: "getEntryProof",
  summary: "Get the proof of an entry",
  description:
    "What shows that the entry stood in the wallet's history when the anchor was recorded: the chain of hashes from the entry to the anchor, and the deployment's signature of the anchor. Keep it: whoever has it can find out a history that was written anew. `verify-ledger.mjs` of the SDK checks it without asking the server; keep the key set besides, since a retired key is published for a week only.",
  method: "get",
  path: "/v1/entries/{entryId}/proof",
  permission: "loyalty:read",
  params: z.object({ entryId: EntryId }),
  success: {
    status: 200,
    output: EntryProof,
    example: {
      object: "entry_proof",
      entry: entryExample,
      canonical: canonicalJson(hashedExample),
      links: [],
      anchor: { seq: 1, hash, recordedAt: entryExample.recordedAt },
      signature: "eyJhbGciOiJFZERTQSJ9.eyJzZXEiOjF9.c2lnbmF0dXJl",
    },
  },
  problems: entryNotFound,
  async run({ table, caller, outside, fail }, { params }) {
    const { walletId, seq } = placeOfEntry(params.entryId);
    const [head, entry] = (await table.getMany<object>([walletKey(walletId), entryKey(walletId, seq)])) as [WalletHead?, LedgerEntry?];
    if (!head || !entry) return fail("entry_not_found");
    const { sequence } = (await checkpointFrom(table, entry)) ?? head;
    const links = await entriesBetween(table, entry, sequence);
    const last = links.at(-1) ?? entry;
    const anchor = { seq: last.seq, hash: last.hash, recordedAt: last.recordedAt };
    const signature = await outside.sign(anchorType, { walletId, ...anchor, tenantId: caller.tenantId, livemode: caller.livemode });
    const { hash: _, ...hashed } = entry;
    return plan({ object: "entry_proof" as const, entry: toEntry(entry), canonical: canonicalJson(hashed), links: links.map(toEntry), anchor, signature });
  },
});

async function entriesBetween(table: Reader, { walletId, seq }: LedgerEntry, last: number): Promise<LedgerEntry[]> {
  if (last <= seq) return [];
  const rows = await table.query<LedgerEntry>({ from: "items", ...entriesOf(walletId), order: "ascending", after: entrySk(seq), limit: last - seq });
  return rows.map(({ document }) => document);
}
