/** Whatever a wallet goes through, it is the same wallet when it is written in segments and put together again. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Contention, type Key, type Reader } from "../../kernel/table.ts";
import type { Bucket } from "../ledger/entry.ts";
import { balancesOf, newWalletHead, pointsIn, type WalletHead } from "../ledger/wallet-head.ts";
import { assembled, split } from "./segments.ts";

const day = (number: number) => new Date(Date.UTC(2027, 0, 1 + number)).toISOString().slice(0, 10);
const empty = newWalletHead({ id: "wal_1", customerId: "cus_1", programId: "prg_1", metadata: {}, livemode: true }, new Date(0));

/** A table of documents by key, as far as segments need one. */
class Stored {
  head: WalletHead = empty;
  readonly segments = new Map<string, object>();
  bytesWritten = 0;
  write(after: WalletHead, before: WalletHead): void {
    const { document, changes } = split(after, before, this.head.far);
    this.head = JSON.parse(JSON.stringify(document));
    this.bytesWritten = JSON.stringify(document).length;
    for (const change of changes) {
      if (change.kind === "put") this.segments.set(change.key.sk, change.document);
      else this.segments.delete(change.key.sk);
      this.bytesWritten += change.kind === "put" ? JSON.stringify(change.document).length : 0;
    }
  }
  read = () => assembled({ getMany: async (keys: readonly Key[]) => keys.map(({ sk }) => this.segments.get(sk)) } as unknown as Reader, this.head);
}

const buckets = fc
  .uniqueArray(fc.integer({ min: 0, max: 900 }), { minLength: 0, maxLength: 400 })
  .chain((days) => fc.tuple(fc.constant(days.toSorted((one, other) => one - other)), fc.boolean()))
  .map(([days, hasOthers]): Bucket[] => [
    ...days.map((number) => ({ expiresOn: day(number), points: 1 + (number % 7) })),
    ...(hasOthers
      ? [
          { expiresOn: "inactivity", points: 3 },
          { expiresOn: null, points: 5 },
        ]
      : []),
  ]);

test("any wallet after any other is read as it was written; its head never has more than 64 dates and knows all its points", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(buckets, { minLength: 1, maxLength: 6 }), async (lives) => {
      const stored = new Stored();
      let before = empty;
      for (const life of lives) {
        const after = { ...before, version: before.version + 1, buckets: life };
        stored.write(after, before);
        expect(stored.head.buckets.filter(({ expiresOn }) => expiresOn?.startsWith("2")).length).toBeLessThanOrEqual(64);
        expect(balancesOf(stored.head).available).toBe(pointsIn(life));
        before = await stored.read();
        expect(before).toEqual(after);
        expect([...stored.segments.keys()].length).toBe(Object.keys(stored.head.far ?? {}).length);
      }
    }),
  );
});

test("points of one more day far ahead write one segment, whatever the wallet has", () => {
  const stored = new Stored();
  const full = { ...empty, version: 2, buckets: Array.from({ length: 730 }, (_, number) => ({ expiresOn: day(2 * number), points: 10 })) };
  stored.write(full, empty);
  const more = full.buckets.map((bucket, index) => (index === 700 ? { ...bucket, points: 11 } : bucket));
  stored.write({ ...full, version: 3, buckets: more }, full);
  expect(stored.bytesWritten).toBeLessThan(8_000);
});

test("segments of another write than the head's are not put together: the command reads again", async () => {
  const stored = new Stored();
  const full = { ...empty, version: 2, buckets: Array.from({ length: 200 }, (_, number) => ({ expiresOn: day(number), points: 10 })) };
  stored.write(full, empty);
  const headBefore = stored.head;
  stored.write({ ...full, version: 3, buckets: full.buckets.slice(0, -1) }, full);
  stored.head = headBefore;
  await expect(stored.read()).rejects.toThrow(Contention);
});

test("a wallet that loses all its months at once removes a few segments with each write, until none is left", async () => {
  const stored = new Stored();
  const monthly = { ...empty, version: 2, buckets: Array.from({ length: 80 }, (_, number) => ({ expiresOn: day(31 * number), points: 10 })) };
  stored.write(monthly, empty);
  const segmentsBefore = stored.segments.size;
  expect(segmentsBefore).toBeGreaterThan(40);
  for (let version = 3; stored.segments.size > 0; version++) {
    const before = await stored.read();
    const removed = stored.segments.size;
    stored.write({ ...empty, version }, before);
    expect(removed - stored.segments.size).toBeLessThanOrEqual(8);
    expect(balancesOf(stored.head).available).toBe(0);
    expect(await stored.read()).toEqual({ ...empty, version });
    expect(version).toBeLessThan(12);
  }
  expect(stored.head.far).toBeUndefined();
});
