#!/usr/bin/env node
/**
 * Writes all ledger entries of wallets as NDJSON, page by page: what `verify-ledger.mjs` reads. Plain Node, no dependencies.
 *
 *   CLIENTELE_API_KEY=… node export-ledger.mjs https://api.example.com wal_… [wal_… …] > entries.ndjson
 *
 * The key needs the scope `loyalty:read`. Waits when it is asked to. Entries never change, so that an export may run beside
 * everything else: entries that come meanwhile are missing at its end. Exit code 1 when the server refuses; then what was
 * written is not whole.
 */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

const triesMax = 8;

/** A page of the API; a refusal that is over after a while is waited for. */
async function page(url, apiKey) {
  for (let tries = 1; ; tries++) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
    const body = await response.json();
    if (response.ok) return body;
    const mayPass = response.status === 429 || response.status >= 500;
    if (!mayPass || tries === triesMax) throw new Error(`${url} answers ${response.status} ${body.code}: ${body.title}`);
    await delay(1000 * Number(response.headers.get("retry-after") ?? 2 ** tries / 2));
  }
}

async function exportWallet(baseUrl, walletId, apiKey) {
  const entries = new URL(`/v1/wallets/${encodeURIComponent(walletId)}/entries?limit=100`, baseUrl);
  for (let hasMore = true; hasMore; ) {
    const list = await page(entries, apiKey);
    const text = list.data.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
    hasMore = list.hasMore;
    entries.searchParams.set("cursor", list.nextCursor);
  }
}

const [baseUrl, ...walletIds] = process.argv.slice(2);
const apiKey = process.env["CLIENTELE_API_KEY"];
if (walletIds.length === 0 || !apiKey) {
  console.error("Usage: CLIENTELE_API_KEY=… export-ledger <https://api.example.com> <wal_…> …");
  process.exitCode = 2;
} else {
  try {
    for (const walletId of walletIds) await exportWallet(baseUrl, walletId, apiKey);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
