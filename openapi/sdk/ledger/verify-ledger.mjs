#!/usr/bin/env node
/**
 * Verifies exported ledger entries and proofs of entries without trusting who gave them. Plain Node, no dependencies, nothing
 * of the product:
 *
 *   node verify-ledger.mjs entries.ndjson [proof.json …] [jwks.json]
 *   curl … /v1/wallets/{walletId}/entries | node verify-ledger.mjs -
 *
 * Each file is NDJSON or JSON. Entries as the API answers them, arrays of them, or pages of its lists are an export: in any
 * order and of any number of wallets, each from its first entry on. For every wallet it prints the last entry and its hash.
 * Keep them: a later export must contain that entry with that hash, or history was written anew. A proof (`getEntryProof`) is
 * checked by itself, by its signature when a key set is among the files, and against the export of its wallet.
 *
 * Exit code 0: everything verifies. 1: something does not; the first fault is printed. 2: a file cannot be read.
 */
import { createHash, createPublicKey, verify as isSigned } from "node:crypto";
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

/** What an entry shows by itself. */
function checkForm({ id, seq, points, postings, allocations, availableAfter }) {
  demand(isWhole(points) && isWhole(availableAfter), "points are not whole numbers");
  demand(Array.isArray(postings) && postings.every((posting) => isWhole(posting.points)), "postings are not whole numbers");
  demand(Array.isArray(allocations) && allocations.every((bucket) => isWhole(bucket.points) && bucket.points > 0), "allocations are not whole and above zero");
  demand(typeof id === "string" && id.endsWith(String(seq).padStart(10, "0")), "its id does not end with its seq");
}
function checkSum(postings) {
  demand(sum(postings) === 0, `its postings sum to ${sum(postings)}, not to zero`);
}
function checkHash(entry) {
  demand(entry.hash === hashOf(entry), `its content has the hash ${hashOf(entry)}, it says ${entry.hash}`);
}

/** One wallet, entry by entry from the first; each `take` throws at the first thing that is wrong. */
class WalletLedger {
  balances = new Map();
  lastSeq = 0;
  lastHash = "0".repeat(64);
  /** Points of each entry that can still be undone. */
  undoable = new Map();
  /** Points that each open hold has left. */
  holds = new Map();
  hashes = [this.lastHash];
  closedHolds = new Set();

  take(entry) {
    checkForm(entry);
    this.#checkChain(entry);
    this.#checkBalances(entry);
    this.#checkUndoing(entry);
    this.#checkHold(entry);
    this.lastSeq = entry.seq;
    this.lastHash = entry.hash;
    this.hashes.push(entry.hash);
  }

  #checkChain(entry) {
    const { seq, prevHash } = entry;
    demand(seq !== this.lastSeq, `seq ${seq} stands there twice`);
    demand(seq === this.lastSeq + 1, `seq ${this.lastSeq + 1} is missing`);
    demand(prevHash === this.lastHash, `prevHash is not the hash of entry ${seq - 1}`);
    checkHash(entry);
  }

  #checkBalances({ postings, availableAfter }) {
    checkSum(postings);
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

const anchorType = "ledger-anchor+jws";

/** From the entry of a proof to its anchor, by hashes alone; then the signature, when there are keys to check it with. */
function takeProof({ entry, canonical: text, links, anchor, signature }, keys) {
  demand(Array.isArray(links) && isWhole(entry?.seq) && isWhole(anchor?.seq), "it is no proof of an entry");
  const { hash: _, object: __, ...hashed } = entry;
  demand(text === canonical(hashed), "`canonical` is not the text of the entry");
  let before = { walletId: entry.walletId, seq: entry.seq - 1, hash: entry.prevHash };
  for (const link of [entry, ...links]) {
    demand(link.walletId === before.walletId && link.seq === before.seq + 1, `the chain has entry ${link.seq} after entry ${before.seq}`);
    demand(link.prevHash === before.hash, `prevHash of entry ${link.seq} is not the hash of the entry before`);
    checkForm(link);
    checkHash(link);
    checkSum(link.postings);
    before = link;
  }
  const { seq, hash, recordedAt } = before;
  demand(canonical(anchor) === canonical({ seq, hash, recordedAt }), `the chain ends with entry ${seq} and its hash, the anchor is another`);
  return keys.length === 0 ? undefined : signedBy(signature, { walletId: entry.walletId, ...anchor }, keys);
}

/** Who signed the anchor. The key set tells what kind of key is to be used: what the signature says of itself is not believed. */
function signedBy(signature, anchor, keys) {
  const [header = "", payload = "", bytes = ""] = String(signature).split(".");
  const decoded = (part) => parsed(Buffer.from(part, "base64url").toString("utf8"));
  const key = keys.find(({ kid, crv }) => kid === decoded(header)?.kid && crv === "Ed25519");
  demand(decoded(header)?.typ === anchorType, "its signature is none of an anchor");
  demand(key !== undefined, "it is signed by a key that the key set does not have");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key.x }, format: "jwk" });
  demand(isSigned(null, Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(bytes, "base64url")), "its signature does not verify");
  const { tenantId, livemode, ...signed } = decoded(payload);
  demand(canonical(signed) === canonical(anchor), "what is signed is another anchor");
  return `${livemode ? "live" : "test"} data of ${tenantId}, key ${key.kid}`;
}

/** The export of the same wallet must tell the same history. Both come from whoever is audited, but not at the same time. */
function compareWithExport({ entry, anchor }, ledger) {
  for (const { seq, hash } of [entry, anchor])
    if (seq <= (ledger?.lastSeq ?? 0)) demand(ledger.hashes[seq] === hash, `the export has another entry ${seq}, with the hash ${ledger.hashes[seq]}`);
}

/** What the files hold, whatever they pack it in. */
function documentsIn(text) {
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
const isProof = (document) => document?.object === "entry_proof";
const isKeySet = (document) => Array.isArray(document?.keys);

/** Runs a check of an entry; what is wrong is told with the entry that it was found at. */
function at(entry, check) {
  try {
    return check();
  } catch (error) {
    throw error instanceof Fault ? Object.assign(error, { entry }) : error;
  }
}

/** @throws Fault at the first thing that is wrong. Answers the lines to print. */
function verify(documents) {
  const keys = documents.filter(isKeySet).flatMap((set) => set.keys);
  const proofs = documents.filter(isProof);
  const entries = documents.filter((document) => !isProof(document) && !isKeySet(document));
  const wallets = new Map();
  for (const entry of entries.sort((one, other) => one?.seq - other?.seq)) {
    const ledger = wallets.get(entry?.walletId) ?? new WalletLedger();
    wallets.set(entry?.walletId, ledger);
    at(entry, () => {
      demand(typeof entry?.walletId === "string" && isWhole(entry.seq), "it is no ledger entry");
      ledger.take(entry);
    });
  }
  const proven = proofs.map((proof) =>
    at(proof.entry, () => {
      const signer = takeProof(proof, keys);
      compareWithExport(proof, wallets.get(proof.entry.walletId));
      const signature = signer === undefined ? "signature not checked: no key set was given" : `signed for ${signer}`;
      return `${proof.entry.id}  is chained to entry ${proof.anchor.seq}, recorded ${proof.anchor.recordedAt}, hash ${proof.anchor.hash}; ${signature}`;
    }),
  );
  return [
    ...[...wallets].map(
      ([walletId, ledger]) => `${walletId}  ${ledger.lastSeq} entries, ${ledger.balance("available")} points available, last hash ${ledger.lastHash}`,
    ),
    ...proven,
    ...(entries.length > 0 ? [`OK: ${entries.length} entries of ${counted(wallets.size, "wallet")} verify.`] : []),
    ...(proofs.length > 0 ? [`OK: ${counted(proofs.length, "proof")} ${proofs.length === 1 ? "verifies" : "verify"}.`] : []),
  ];
}
const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

function main(paths) {
  if (paths.length === 0) {
    console.error("Usage: verify-ledger <export.ndjson | proof.json | - > … [jwks.json]");
    return 2;
  }
  let documents;
  try {
    documents = paths.flatMap((path) => documentsIn(readFileSync(path === "-" ? 0 : path, "utf8")));
  } catch (error) {
    console.error(`The export cannot be read: ${error.message}`);
    return 2;
  }
  if (documents.every(isKeySet)) {
    console.error("The export has no entries.");
    return 2;
  }
  try {
    for (const line of verify(documents)) console.log(line);
    return 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { entry } = error;
    console.error(`FAULT in wallet ${entry?.walletId}, entry ${entry?.seq} (${entry?.id}): ${error.message}.`);
    console.error(JSON.stringify(entry, undefined, 2));
    return 1;
  }
}

process.exitCode = main(process.argv.slice(2));
