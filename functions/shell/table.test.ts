/** The table against a real engine: partitions, queries across pages, and commits that happen whole, once or not at all. */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { OutboxEntry } from "../../domain/kernel/event.ts";
import { type Change, Contention, type Counter, check, count, create, key, overwrite, type Query, remove, replace } from "../../domain/kernel/table.ts";
import { answerLost, cancelled, inject } from "../../test/fault-injection.ts";

await import("../../test/clientele.ts");
const { newId } = await import("./random.ts");
const { openTable } = await import("./table.ts");

type Note = { version: number; text: string };
const note = (pk: string, sk = "META") => key<Note>(pk, sk);
const first = (text: string): Note => ({ version: 1, text });
const next = ({ version }: Note, text: string): Note => ({ version: version + 1, text });
const noEvents = () => [];
const newTable = (now?: () => Date) => openTable(newId("tn"), now);

async function errorOf(work: Promise<unknown>): Promise<{ code?: string; name: string }> {
  return work.then(
    () => ({ name: "none" }),
    (error) => error,
  );
}

describe.concurrent("a partition is closed", () => {
  const partitions = ["tn_1", "tn_10", "tn_1.test", "tn"];
  // Keys that would meet if a prefix were cut elsewhere than at its end.
  const keys = [note("C#1"), note("0#C#1"), note("0C#1"), note("C#10"), note("C#C#1"), note("C#1", "METADATA")];

  test("to the tenant whose id begins alike, to its own test data, and to keys that look like more of a prefix", async () => {
    const all = partitions.flatMap((partition) => keys.map((at) => ({ partition, at })));
    for (const { partition, at } of all)
      await openTable(partition).commit(
        [create(at, first(`${partition} ${at.pk} ${at.sk}`), { placement: { list: { pk: "ALL", sk: `${at.pk} ${at.sk}` } } })],
        noEvents,
      );
    for (const partition of partitions) {
      const table = openTable(partition);
      const own = keys.map(({ pk, sk }) => `${partition} ${pk} ${sk}`);
      expect((await table.getMany(keys)).map((found) => found?.text)).toEqual(own);
      expect(await Promise.all(keys.map(async (at) => (await table.get(at))?.text))).toEqual(own);
      const listed = await table.query<Note>({ from: "list", pk: "ALL", order: "ascending", limit: 100 });
      expect(listed.map(({ document }) => document.text).toSorted()).toEqual(own.toSorted());
      const rows = await table.query<Note>({ from: "items", pk: "C#1", order: "ascending", limit: 100 });
      expect(rows.map(({ document }) => document.text)).toEqual([own[0], own[5]]);
    }
  });

  test("to positions of another partition's list: they continue in the own one", async () => {
    const [one, other] = [newTable(), newTable()];
    const listed = (text: string) => create(note(text), first(text), { placement: { list: { pk: "ALL", sk: text } } });
    await one.commit([listed("a"), listed("b")], noEvents);
    await other.commit([listed("a"), listed("c")], noEvents);
    const query: Query = { from: "list", pk: "ALL", order: "ascending", limit: 1 };
    const [row] = await one.query<Note>(query);
    expect((await other.query<Note>({ ...query, after: row?.position, limit: 9 })).map(({ document }) => document.text)).toEqual(["c"]);
  });
});

describe.concurrent("a query", () => {
  const put = (count: number, text = "") => Array.from({ length: count }, (_, index) => create(note("N", String(index).padStart(3, "0")), first(text)));
  const sks = (rows: readonly { sk: string }[]) => rows.map(({ sk }) => Number(sk));

  test("fills what it was asked for, however the database cuts its pages", async () => {
    const table = newTable();
    // 1 MB, where DynamoDB ends a page, is 3 of these.
    for (const change of put(10, "x".repeat(350_000))) await table.commit([change], noEvents);
    const query: Query = { from: "items", pk: "N", order: "ascending", limit: 8 };
    expect(sks(await table.query(query))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(sks(await table.query({ ...query, order: "descending", beyondSk: "008" }))).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    expect(sks(await table.query({ ...query, after: "004" }))).toEqual([5, 6, 7, 8, 9]);
  });

  test("and every read treat what has expired as absent, and read on behind it", async () => {
    let now = new Date();
    const table = newTable(() => now);
    const expiresAt = new Date(now.getTime() + 60_000).toISOString();
    const passing = put(30).map((change, index) => (index % 3 === 0 ? change : { ...change, placement: { expiresAt } }));
    await table.commit(passing as Change[], noEvents);
    now = new Date(now.getTime() + 61_000);
    expect(sks(await table.query({ from: "items", pk: "N", order: "ascending", limit: 7 }))).toEqual([0, 3, 6, 9, 12, 15, 18]);
    expect(await table.get(note("N", "001"))).toBeUndefined();
    expect(await table.getMany([note("N", "000"), note("N", "001")])).toEqual([first(""), undefined]);
    await table.verify([create(note("N", "001"), first("again"))]);
    await table.commit([create(note("N", "001"), first("again"))], noEvents);
    expect(await table.get(note("N", "001"))).toEqual(first("again"));
  });

  test("of many keys answers in the order asked for, each as often as asked for", async () => {
    const table = newTable();
    await table.commit([create(note("a"), first("a")), create(note("b"), first("b"))], noEvents);
    const found = await table.getMany([note("b"), note("none"), note("a"), note("b")]);
    expect(found.map((one) => one?.text)).toEqual(["b", undefined, "a", "b"]);
    expect(await table.getMany([])).toEqual([]);
  });
});

describe.concurrent("a commit", () => {
  const [a, b, c] = [note("a"), note("b"), note("c")];
  async function withNotes() {
    const table = newTable();
    await table.commit([create(a, first("a")), create(b, first("b"))], noEvents);
    return { table, state: async () => (await table.getMany([a, b, c])).map((one) => one?.text) };
  }
  const stale = { version: 7, text: "" };

  const refusals: Record<string, readonly Change[]> = {
    "a create where something stands": [create(c, first("c")), create(a, first("x"))],
    "a replace of another version": [create(c, first("c")), replace(a, stale, next(stale, "x"))],
    "a replace of nothing": [replace(c, stale, next(stale, "x"))],
    "a removal of another version": [remove(b), remove(a, stale)],
    "a removal of another version alone": [remove(a, stale)],
    "a check of another version": [overwrite(c, first("c")), check(a, stale)],
    "a check of another version beside unguarded changes only": [remove(b), overwrite(c, first("c")), check(a, stale)],
  };
  test.each(Object.entries(refusals))("is contention and writes nothing: %s; a dry run says the same", async (_, changes) => {
    const { table, state } = await withNotes();
    expect(await errorOf(table.verify(changes))).toBeInstanceOf(Contention);
    expect(await errorOf(table.commit(changes, noEvents))).toBeInstanceOf(Contention);
    expect(await state()).toEqual(["a", "b", undefined]);
  });

  test("that meets its conditions is done whole", async () => {
    const { table, state } = await withNotes();
    const changes = [replace(a, first("a"), next(first("a"), "a2")), remove(b, first("b")), create(c, first("c"))];
    await table.verify(changes);
    await table.commit(changes, noEvents);
    expect(await state()).toEqual(["a2", undefined, "c"]);
  });

  test("asks the refused change first, with what stands there", async () => {
    const { table } = await withNotes();
    const refuse = (existing: Note) => {
      throw new RangeError(existing.text);
    };
    for (const work of [table.verify, table.commit])
      expect(await errorOf(work([create(c, first("c")), create(a, first("x"), { whenRefused: refuse })], noEvents))).toMatchObject({
        name: "RangeError",
        message: "a",
      });
  });

  test("of more than a transaction holds is refused as a fault of the plan, before anything is written", async () => {
    const table = newTable();
    const changes = Array.from({ length: 101 }, (_, index) => overwrite(note(`n${index}`), first("")));
    for (const work of [table.verify, table.commit]) expect((await errorOf(work(changes, noEvents))).name).toBe("RangeError");
    await table.commit(changes.slice(1), noEvents);
    await table.commit([], noEvents);
    expect(await table.get(note("n0"))).toBeUndefined();
  });

  test.each([
    ["alone", []],
    ["in a transaction", [create(c, first("c"))]],
  ])("of more than an item holds, %s: payload_too_large, and nothing is written", async (_, others) => {
    const { table, state } = await withNotes();
    const changes = [...others, create(note("large"), first(randomBytes(410_000).toString("base64")))];
    expect(await errorOf(table.commit(changes, noEvents))).toMatchObject({ code: "payload_too_large" });
    expect(await state()).toEqual(["a", "b", undefined]);
  });
});

describe("a counter", () => {
  const left = key<Counter>("left", "COUNT");
  const witness = () => create(note(newId("w")), first("x"));
  const withCounter = async (amount: number) => {
    const partition = newId("tn");
    const table = openTable(partition);
    await table.commit([witness(), count(left, amount)], noEvents);
    return { partition, table, amount: async () => (await table.get(left))?.amount };
  };

  test("begins with its first addition, and is read like any document", async () => {
    const { table } = await withCounter(7);
    await table.commit([witness(), count(left, -9)], noEvents);
    expect(await table.get(left)).toEqual({ amount: -2 });
    expect(await table.getMany<object>([note("none"), left])).toEqual([undefined, { amount: -2 }]);
    const rows = await table.query<Counter>({ from: "items", pk: "left", order: "ascending", limit: 5 });
    expect(rows.map(({ document }) => document)).toEqual([{ amount: -2 }]);
  });

  test.each([
    ["below its bound", 3, count(left, -4, { atLeast: 0 })],
    ["before anybody has counted", 3, count(key<Counter>("other", "COUNT"), 1, { atLeast: 0 })],
  ])("is not taken %s: contention, nothing is written, and a dry run says the same", async (_, held, change) => {
    const { table, amount } = await withCounter(held);
    const changes = [create(note("a"), first("a")), change];
    for (const work of [table.verify, table.commit]) expect(await errorOf(work(changes, noEvents))).toBeInstanceOf(Contention);
    expect(await table.get(note("a"))).toBeUndefined();
    expect(await amount()).toBe(held);
  });

  test("is taken down to its bound; a dry run takes nothing", async () => {
    const { table, amount } = await withCounter(3);
    await table.verify([witness(), count(left, -3, { atLeast: 0 })]);
    expect(await amount()).toBe(3);
    await table.commit([witness(), count(left, -3, { atLeast: 0 })], noEvents);
    expect(await amount()).toBe(0);
  });

  test("gives 64 takers at once exactly what it holds", async () => {
    const { table, amount } = await withCounter(20);
    const takes = await Promise.all(Array.from({ length: 64 }, () => errorOf(table.commit([witness(), count(left, -1, { atLeast: 0 })], noEvents))));
    const taken = takes.filter(({ name }) => name === "none").length;
    expect(taken + ((await amount()) ?? 0)).toBe(20);
    expect(takes.every(({ name }, index) => name === "none" || takes[index] instanceof Contention)).toBe(true);
  });

  test("alone in a plan is a fault of the plan: its repeat would count twice", async () => {
    const { table, amount } = await withCounter(3);
    for (const changes of [[count(left, 1)], [overwrite(note("a"), first("a")), count(left, 1)]])
      for (const work of [table.verify, table.commit]) expect((await errorOf(work(changes, noEvents))).name).toBe("RangeError");
    expect(await amount()).toBe(3);
  });

  test("counts once when the answer of the commit is lost, even if the last one was taken", async () => {
    const { partition, table, amount } = await withCounter(2);
    for (const remaining of [1, 0]) {
      using lost = inject({ about: `T#${partition}#`, times: 1 }, answerLost);
      await table.commit([witness(), count(left, -1, { atLeast: 0 })], noEvents);
      expect([lost.hits, await amount()]).toEqual([1, remaining]);
    }
  });
});

describe("a commit whose answer is lost", () => {
  const at = note("a");
  const outbox = (): OutboxEntry[] => [{ id: newId("evt"), type: "note.written", at: "2026-11-21T09:30:00.000Z", actor: { type: "system", id: "test" } }];
  const commits: Record<string, readonly Change[]> = {
    "a create": [create(at, first("x"))],
    "a create among others": [overwrite(note("b"), first("b")), create(at, first("x")), remove(note("c"))],
    "a replace": [replace(note("old"), first("old"), next(first("old"), "new"))],
  };
  test.each(Object.entries(commits))("%s: is recognised by what it wrote", async (_, changes) => {
    const partition = newId("tn");
    const table = openTable(partition);
    await table.commit([create(note("old"), first("old"))], noEvents);
    using lost = inject({ about: `T#${partition}#`, times: 1 }, answerLost);
    await table.commit(changes, () => outbox());
    expect(lost.hits).toBe(1);
  });

  test("a guarded removal: is contention, since what is gone does not say who took it", async () => {
    const partition = newId("tn");
    const table = openTable(partition);
    await table.commit([create(at, first("x"))], noEvents);
    using _lost = inject({ about: `T#${partition}#`, times: 1 }, answerLost);
    expect(await errorOf(table.commit([remove(at, first("x"))], noEvents))).toBeInstanceOf(Contention);
    expect(await table.get(at)).toBeUndefined();
  });

  test("is recognised by its events, though others have gone on from what it wrote beside", async () => {
    const partition = newId("tn");
    const table = openTable(partition);
    const changes = [create(at, first("x")), create(note("told"), first("y"))];
    using _lost = inject({ about: `T#${partition}#`, times: 1 }, async (request, send) => {
      const answer = await answerLost(request, send).catch((error) => error);
      await table.commit([replace(at, first("x"), next(first("x"), "of another"))], noEvents);
      throw answer;
    });
    await table.commit(changes, ({ key: { pk } }) => (pk === "told" ? outbox() : []));
    expect((await table.get(at))?.text).toBe("of another");
  });

  test("another's write of the same document is not taken for it: its events are others", async () => {
    const table = newTable();
    await table.commit([create(at, first("x"))], () => outbox());
    expect(await errorOf(table.commit([create(at, first("x"))], () => outbox()))).toBeInstanceOf(Contention);
  });

  test.each(["TransactionConflict", "ThrottlingError"])("unguarded changes that are cancelled by %s are not taken for done", async (code) => {
    const partition = newId("tn");
    const table = openTable(partition);
    using _fault = inject({ about: `T#${partition}#` }, cancelled(code));
    const error = await errorOf(table.commit([overwrite(at, first("x")), remove(note("b"))], noEvents));
    expect(error.name === "none").toBe(false);
    expect(await table.get(at)).toBeUndefined();
  });
});
