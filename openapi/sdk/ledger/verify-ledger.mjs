#!/usr/bin/env node
/**
 * Verifies exported ledger entries without trusting who exported them. Plain Node, no dependencies, nothing of the product:
 *
 *   node verify-ledger.mjs entries.ndjson
 *   curl … /v1/wallets/{walletId}/entries | node verify-ledger.mjs -
 *
 * The export is NDJSON or JSON: entries as the API answers them, arrays of them, or pages of its lists, in any order and of any
 * number of wallets, each from its first entry on. For every wallet it prints the last entry and its hash. Keep them: a later
 * export must contain that entry with that hash, or history was written anew.
 *
 * Exit code 0: everything verifies. 1: something does not; the first fault is printed. 2: the export cannot be read.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** JSON after RFC 8785: no spaces, names in the order of their UTF-16 code units, numbers as ECMAScript writes them. */
function canonical(value) {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error("a number without end has no JSON");
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** What is hashed is the entry without its hash, and without `object`, which the API adds. */
function hashOf(entry) {
  const { hash, object, ...hashed } = entry;
  return createHash("sha256").update(canonical(hashed), "utf8").digest("hex");
}

class Fault extends Error {}
const demand = (isTrue, text) => {
  if (!isTrue) throw new Fault(text);
};
const sum = (items) => items.reduce((total, { points }) => total + points, 0);
const isWhole = (number) => Number.isSafeInteger(number);

/** One wallet, entry by entry from the first; each `take` throws at the first thing that is wrong. */
class WalletLedger {
  balances = new Map();
  lastSeq = 0;
  lastHash = "0".repeat(64);
  /** Points of each entry that can still be undone. */
  undoable = new Map();
  /** Points that each open hold has left. */
  holds = new Map();
  closedHolds = new Set();

  take(entry) {
    this.#checkForm(entry);
    this.#checkChain(entry);
    this.#checkBalances(entry);
    this.#checkUndoing(entry);
    this.#checkHold(entry);
    this.lastSeq = entry.seq;
    this.lastHash = entry.hash;
  }

  #checkForm({ id, seq, points, postings, allocations, availableAfter }) {
    demand(isWhole(points) && isWhole(availableAfter), "points are not whole numbers");
    demand(Array.isArray(postings) && postings.every((posting) => isWhole(posting.points)), "postings are not whole numbers");
    demand(
      Array.isArray(allocations) && allocations.every((bucket) => isWhole(bucket.points) && bucket.points > 0),
      "allocations are not whole and above zero",
    );
    demand(typeof id === "string" && id.endsWith(String(seq).padStart(10, "0")), "its id does not end with its seq");
  }

  #checkChain(entry) {
    const { seq, prevHash, hash } = entry;
    demand(seq !== this.lastSeq, `seq ${seq} stands there twice`);
    demand(seq === this.lastSeq + 1, `seq ${this.lastSeq + 1} is missing`);
    demand(prevHash === this.lastHash, `prevHash is not the hash of entry ${seq - 1}`);
    demand(hash === hashOf(entry), `its content has the hash ${hashOf(entry)}, it says ${hash}`);
  }

  #checkBalances({ postings, availableAfter }) {
    demand(sum(postings) === 0, `its postings sum to ${sum(postings)}, not to zero`);
    for (const { account, points } of postings) this.balances.set(account, this.balance(account) + points);
    demand(this.balance("available") === availableAfter, `availableAfter is ${availableAfter}, the postings lead to ${this.balance("available")}`);
    for (const account of ["available", "pending", "held"]) demand(this.balance(account) >= 0, `${account} falls below zero`);
    demand(this.balance("debt") <= 0, "debt rises above zero");
    demand(this.balance("debt") === 0 || this.balance("available") === 0, "points are available while points are owed");
  }
  balance(account) {
    return this.balances.get(account) ?? 0;
  }

  #checkUndoing({ id, points, reverses }) {
    this.undoable.set(id, Math.max(points, 0));
    if (reverses === undefined) return;
    const left = this.undoable.get(reverses);
    demand(left !== undefined && reverses !== id, `it undoes ${reverses}, which is no earlier entry`);
    demand(points <= left, `it undoes ${points} points of ${reverses}, which has ${left} left`);
    this.undoable.set(reverses, left - points);
  }

  #checkHold({ type, holdId, points }) {
    if (type === "hold") demand(!this.holds.has(holdId) && !this.closedHolds.has(holdId), `the hold ${holdId} was there before`);
    if (type === "hold") this.holds.set(holdId, points);
    if (type === "capture" || type === "void") {
      const left = this.holds.get(holdId) ?? 0;
      demand(left > 0, `the hold ${holdId} is not open`);
      demand(type === "void" ? points === left : points <= left, `${points} points leave the hold ${holdId}, which has ${left}`);
      if (points === left) this.holds.delete(holdId);
      else this.holds.set(holdId, left - points);
      if (points === left) this.closedHolds.add(holdId);
    }
    const open = [...this.holds.values()].reduce((total, left) => total + left, 0);
    demand(this.balance("held") === open, `held is ${this.balance("held")}, the open holds have ${open}`);
  }
}

/** Entries of an export, whatever it packs them in. */
function entriesIn(text) {
  const isOne = !/^\s*[[{]/.test(text) ? undefined : parsed(text);
  const documents =
    isOne === undefined
      ? text
          .split("\n")
          .filter((line) => line.trim() !== "")
          .map((line) => JSON.parse(line))
      : [isOne];
  return documents.flatMap(unpacked);
}
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
const unpacked = (document) =>
  Array.isArray(document) ? document.flatMap(unpacked) : Array.isArray(document?.data) ? document.data.flatMap(unpacked) : [document];

/** @returns {{ wallets: Map<string, WalletLedger>, count: number, fault?: { entry: object, text: string } }} */
function verify(entries) {
  const wallets = new Map();
  for (const entry of [...entries].sort((one, other) => one?.seq - other?.seq)) {
    const walletId = entry?.walletId;
    const ledger = wallets.get(walletId) ?? new WalletLedger();
    wallets.set(walletId, ledger);
    try {
      demand(typeof walletId === "string" && isWhole(entry.seq), "it is no ledger entry");
      ledger.take(entry);
    } catch (error) {
      if (error instanceof Fault) return { wallets, count: entries.length, fault: { entry, text: error.message } };
      throw error;
    }
  }
  return { wallets, count: entries.length };
}

function main(path) {
  if (path === undefined) {
    console.error("Usage: verify-ledger <export.ndjson | export.json | ->");
    return 2;
  }
  let entries;
  try {
    entries = entriesIn(readFileSync(path === "-" ? 0 : path, "utf8"));
  } catch (error) {
    console.error(`The export cannot be read: ${error.message}`);
    return 2;
  }
  if (entries.length === 0) {
    console.error("The export has no entries.");
    return 2;
  }
  const { wallets, count, fault } = verify(entries);
  if (fault) {
    console.error(`FAULT in wallet ${fault.entry?.walletId}, entry ${fault.entry?.seq} (${fault.entry?.id}): ${fault.text}.`);
    console.error(JSON.stringify(fault.entry, undefined, 2));
    return 1;
  }
  for (const [walletId, { lastSeq, lastHash, ...ledger }] of wallets)
    console.log(`${walletId}  ${lastSeq} entries, ${ledger.balances.get("available") ?? 0} points available, last hash ${lastHash}`);
  console.log(`OK: ${count} entries of ${wallets.size} ${wallets.size === 1 ? "wallet" : "wallets"} verify.`);
  return 0;
}

process.exitCode = main(process.argv[2]);
