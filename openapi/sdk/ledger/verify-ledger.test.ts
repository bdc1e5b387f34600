/** The verifier as an auditor runs it: a process of its own, with an export from the ledger, sound or tampered with. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { type Entry, entryHash } from "../../../domain/loyalty/ledger/entry.ts";
import { apply, type Command } from "../../../domain/loyalty/ledger/ledger.ts";
import { ledgerTimeIn } from "../../../domain/loyalty/ledger/ledger-time.ts";
import { newWalletHead } from "../../../domain/loyalty/ledger/wallet-head.ts";

const day = 86_400_000;
const never = { expiresOn: null };

/** A story with every kind of entry that one wallet can have. */
function exported(walletId = "wal_A"): Entry[] {
  const start = Date.parse("2027-01-10T12:00:00.000Z");
  let head = newWalletHead({ id: walletId, customerId: "cus_1", programId: "prg_1", livemode: true, metadata: {} }, new Date(start));
  const entries: Entry[] = [];
  const run = (days: number, command: Command) => {
    const result = apply(head, command, ledgerTimeIn("Europe/Zurich", new Date(start + days * day)));
    if (result.kind === "refused") throw new Error(result.code);
    head = result.head;
    entries.push(...result.entries);
    return result.entry as Entry;
  };
  const rules = [{ rule: "rul_1", rate: 1.5, tiny: 1e-7, huge: 1e21, "ключ \u2028 \u0007": '\u{1f600} "é"', empty: {}, none: null, 10: 1, 9: 2 }];
  const earned = run(0, { kind: "earn", points: 100, expiresOn: "2027-02-28", reference: "order-1", rules: rules as never });
  run(1, { kind: "earn", points: 50, ...never, activatesOn: "2027-01-20" });
  run(2, { kind: "authorize", holdId: "hld_1", points: 30, expiresAt: new Date(start + 5 * day).toISOString() });
  run(3, { kind: "capture", holdId: "hld_1", points: 10 });
  const redeemed = run(4, { kind: "redeem", points: 40 });
  run(20, { kind: "reverse", entry: redeemed, reversedBefore: 0, points: 15, debtPolicy: "forbid" });
  run(21, { kind: "reverse", entry: earned, reversedBefore: 0, points: 30, debtPolicy: "forbid" });
  run(22, { kind: "transfer_out", points: 5 });
  run(60, { kind: "adjust", points: -80, ...never, debtPolicy: "allow_negative" });
  run(61, { kind: "earn", points: 100, ...never });
  return entries;
}

const lines = (entries: readonly object[]) => entries.map((entry) => JSON.stringify(entry)).join("\n");
function verify(input: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["openapi/sdk/ledger/verify-ledger.mjs", "-"], { input, encoding: "utf8" });
}
/** The export with one entry changed. */
const changed = (index: number, change: (entry: Entry) => object): Entry[] =>
  exported().map((entry, at) => (at === index ? ({ ...entry, ...change(entry) } as Entry) : entry));
/** A forger who can compute hashes: every entry has the right hash, and the one before as `prevHash`. */
function rechained(entries: readonly Entry[]): Entry[] {
  const forged: Entry[] = [];
  for (const { hash: _, ...entry } of entries) {
    const body = { ...entry, prevHash: forged.at(-1)?.hash ?? entry.prevHash };
    forged.push({ ...body, hash: entryHash(body) });
  }
  return forged;
}
const indexOf = (type: string) => exported().findIndex((entry) => entry.type === type);

describe("a sound export", () => {
  test("verifies, whichever way it is packed and ordered", () => {
    const entries = exported();
    const told = entries.map((entry) => ({ object: "entry", ...entry }));
    const pages = { object: "list", data: told.toReversed(), hasMore: false };
    for (const text of [lines(entries), JSON.stringify(told), JSON.stringify(pages, undefined, 2), lines([pages]), lines([told.slice(0, 3), told.slice(3)])]) {
      const { status, stdout, stderr } = verify(text);
      expect(stderr).toBe("");
      expect(stdout).toContain(`OK: ${entries.length} entries of 1 wallet verify.`);
      expect(stdout).toContain(entries.at(-1)?.hash);
      expect(status).toBe(0);
    }
  });

  test("may hold several wallets, entry by entry", () => {
    const [one, other] = [exported("wal_A"), exported("wal_B")];
    const mixed = one.flatMap((entry, index) => [entry, other[index] as Entry]);
    expect(verify(lines(mixed))).toMatchObject({ status: 0, stdout: expect.stringContaining("entries of 2 wallets verify") });
  });

  test("has every kind of entry that a wallet can have by itself", () => {
    const types = ["earn", "hold", "capture", "redeem", "void", "activate", "reimbursement", "reversal", "transfer_out", "expire", "adjustment"];
    expect(new Set(exported().map(({ type }) => type))).toEqual(new Set(types));
  });
});

describe("a tampered export is found out at the first entry that is wrong", () => {
  const posting = (account: "available" | "issued" | "redeemed", points: number) => ({ account, points });
  const cases: [string, () => readonly object[], number, string][] = [
    ["points changed", () => changed(0, () => ({ points: 101 })), 1, "its content has the hash"],
    ["a reference changed", () => changed(0, () => ({ reference: "order-2" })), 1, "its content has the hash"],
    ["a rule's input changed", () => changed(0, () => ({ rules: [] })), 1, "its content has the hash"],
    ["a field added", () => changed(2, () => ({ note: "" })), 3, "its content has the hash"],
    ["an entry left out", () => exported().filter((_, index) => index !== 3), 5, "seq 4 is missing"],
    ["the first entry left out", () => exported().slice(1), 2, "seq 1 is missing"],
    ["an entry twice", () => [...exported(), exported()[4] as Entry], 5, "seq 5 stands there twice"],
    [
      "an entry changed and hashed anew",
      () => changed(1, ({ hash: _, ...entry }) => ({ reason: "gift", hash: entryHash({ ...entry, reason: "gift" }) })),
      3,
      "prevHash is not the hash of entry 2",
    ],
    [
      "all hashed anew, postings that do not sum to zero",
      () => rechained(changed(0, () => ({ postings: [posting("issued", -100), posting("available", 110)] }))),
      1,
      "sum to 10",
    ],
    ["all hashed anew, another balance", () => rechained(changed(2, () => ({ availableAfter: 71 }))), 3, "availableAfter is 71"],
    [
      "all hashed anew, less earned than was spent",
      () => rechained(changed(0, () => ({ availableAfter: 20, postings: [posting("issued", -20), posting("available", 20)] }))),
      2,
      "the postings lead to 20",
    ],
    [
      "all hashed anew, more undone than done",
      () => rechained(changed(indexOf("reimbursement"), () => ({ points: 41 }))),
      indexOf("reimbursement") + 1,
      "has 40 left",
    ],
    [
      "all hashed anew, a hold captured beyond its points",
      () => rechained(changed(indexOf("capture"), () => ({ points: 31 }))),
      indexOf("capture") + 1,
      "which has 30",
    ],
    ["all hashed anew, a part of a point", () => rechained(changed(1, () => ({ points: 0.5 }))), 2, "not whole numbers"],
    ["something else than an entry", () => [{ hello: "world" }], 0, "no ledger entry"],
  ];
  test.each(cases)("%s", (_, entries, seq, text) => {
    const { status, stderr, stdout } = verify(lines(entries()));
    expect(stdout).toBe("");
    expect(stderr).toContain(text);
    if (seq > 0) expect(stderr).toContain(`wallet wal_A, entry ${seq} (`);
    expect(status).toBe(1);
  });

  test("whoever writes all history anew is found out by the last hash that was kept", () => {
    const forged = rechained(changed(0, () => ({ reference: "order-2" })));
    const { status, stdout } = verify(lines(forged));
    expect(status).toBe(0);
    expect(stdout).not.toContain(exported().at(-1)?.hash);
  });
});

test.each([
  ["nothing", ""],
  ["no JSON", "{]"],
])("%s is no export: exit code 2", (_, text) => {
  expect(verify(text)).toMatchObject({ status: 2, stdout: "" });
});
