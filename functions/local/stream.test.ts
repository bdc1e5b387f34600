import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { afterAll, expect, test, vi } from "vitest";
import { startEngine } from "./engine.ts";
import { startPurge } from "./purge.ts";
import { readPosition, type StreamHandler, startStreamConsumer } from "./stream.ts";
import { handledByAll, streamConsumers } from "./stream-consumers.ts";
import { ensureTable, localConnection } from "./table.ts";

const folder = mkdtempSync(join(tmpdir(), "clientele-stream-"));
const file = join(folder, "clientele.sqlite");
const ownEngine = process.env["DYNAMODB_ENDPOINT"]
  ? undefined
  : await startEngine(file, (error) => {
      throw error;
    });
const endpoint = ownEngine?.endpoint ?? (process.env["DYNAMODB_ENDPOINT"] as string);
const client = new DynamoDBClient(localConnection(endpoint));
const until = (condition: () => unknown) => vi.waitUntil(condition, { timeout: 20_000, interval: 25 });
afterAll(async () => {
  client.destroy();
  await ownEngine?.stop();
  rmSync(folder, { recursive: true });
});

let tables = 0;
async function newSource() {
  const tableName = `stream-${process.pid}-${Date.now()}-${tables++}`;
  return { tableName, endpoint, streamArn: await ensureTable(endpoint, tableName), positionFile: join(folder, `${tableName}.json`) };
}
async function write(tableName: string, names: readonly string[], attributes: Record<string, { S: string } | { N: string }> = { outbox: { S: "[]" } }) {
  for (const name of names) await client.send(new PutItemCommand({ TableName: tableName, Item: { pk: { S: name }, sk: { S: "META" }, ...attributes } }));
}
const namesOf = (event: DynamoDBStreamEvent) => event.Records.map(({ dynamodb }) => dynamodb?.NewImage?.["pk"]?.S ?? "");
type Source = Awaited<ReturnType<typeof newSource>>;
const [telling] = streamConsumers as [(typeof streamConsumers)[number]];
const consume = (source: Source, handler: StreamHandler) => startStreamConsumer(source, { ...telling, handler });
const nothingFailed: DynamoDBBatchResponse = { batchItemFailures: [] };

test("a batch that fails half-way is given again from the record that failed, in order, without those before it", async () => {
  const source = await newSource();
  const given: string[][] = [];
  await write(source.tableName, ["a", "b", "c", "d"]);
  const stop = consume(source, async (event) => {
    given.push(namesOf(event));
    const failed = given.length < 3 ? event.Records.find(({ dynamodb }) => dynamodb?.NewImage?.["pk"]?.S === "c") : undefined;
    return { batchItemFailures: failed ? [{ itemIdentifier: failed.dynamodb?.SequenceNumber ?? "" }] : [] };
  });
  await until(() => given.length === 3);
  await stop();
  expect(given).toEqual([
    ["a", "b", "c", "d"],
    ["c", "d"],
    ["c", "d"],
  ]);
});

test("a handler that throws gets the same records again", async () => {
  const source = await newSource();
  const given: string[][] = [];
  await write(source.tableName, ["a", "b"]);
  const stop = consume(source, async (event) => {
    if (given.push(namesOf(event)) === 1) throw new Error("The database is away.");
    return nothingFailed;
  });
  await until(() => given.length === 2);
  await stop();
  expect(given[1]).toEqual(["a", "b"]);
});

test("after a restart it goes on behind the last record that was handled, and not where another stream was", async () => {
  const source = await newSource();
  const given: string[] = [];
  const handler = async (event: DynamoDBStreamEvent) => {
    given.push(...namesOf(event));
    return nothingFailed;
  };
  await write(source.tableName, ["a", "b"]);
  const stopFirst = consume(source, handler);
  await until(() => given.length === 2);
  await stopFirst();
  await write(source.tableName, ["c"]);
  const stopSecond = consume(source, handler);
  await until(() => given.length === 3);
  await stopSecond();
  expect(given).toEqual(["a", "b", "c"]);
  expect(readPosition(source.positionFile, `${source.streamArn}-of-another-table`).shards).toEqual({});
});

test("records that tell nothing are passed over", async () => {
  const source = await newSource();
  const given: string[] = [];
  await write(source.tableName, ["silent"], {});
  await write(source.tableName, ["telling"]);
  const stop = consume(source, async (event) => {
    given.push(...namesOf(event));
    return nothingFailed;
  });
  await until(() => given.length > 0);
  await stop();
  expect(given).toEqual(["telling"]);
});

test("a consumer that fails again and again holds up no other, and only what both have handled counts as handled", async () => {
  const source = await newSource();
  const [first, second] = [source, { ...source, positionFile: `${source.positionFile}.second` }];
  const given: string[] = [];
  let failures = 0;
  let isMended = false;
  await write(source.tableName, ["a", "b"]);
  const stopFirst = consume(first, async (event) => {
    given.push(...namesOf(event));
    return nothingFailed;
  });
  const stopSecond = consume(second, async () => {
    failures += 1;
    if (!isMended) throw new Error("Out of order.");
    return nothingFailed;
  });
  await until(() => given.length === 2 && failures > 1);
  const handled = () => handledByAll([first.positionFile, second.positionFile], source.streamArn);
  expect([given, handled()]).toEqual([["a", "b"], undefined]);
  isMended = true;
  await until(() => handled() !== undefined);
  expect(handled()).toBe(handledByAll([first.positionFile], source.streamArn));
  await Promise.all([stopFirst(), stopSecond()]);
});

test.runIf(ownEngine)("the purge removes expired items and old handled records, and sequence numbers still go on", async () => {
  const source = await newSource();
  const given: string[] = [];
  const handler = async (event: DynamoDBStreamEvent) => {
    given.push(...namesOf(event));
    return nothingFailed;
  };
  await write(source.tableName, ["expired-1", "expired-2"], { outbox: { S: "[]" }, expiresAtSeconds: { N: "1000" } });
  await write(source.tableName, ["fresh"]);
  const stopFirst = consume(source, handler);
  await until(() => given.length === 3);
  await stopFirst();

  using database = new DatabaseSync(file, { timeout: 5_000 });
  database.prepare("UPDATE _stream_records SET created_at = created_at - 90000 WHERE table_name = ?").run(source.tableName);
  const passed = handledByAll([source.positionFile], source.streamArn);
  const stopPurge = startPurge({ endpoint, tableName: source.tableName, file, passed });
  const items = () =>
    database
      .prepare(`SELECT pk FROM "${source.tableName}" ORDER BY pk`)
      .all()
      .map(({ pk }) => pk);
  const sequences = () =>
    database
      .prepare("SELECT sequence_number FROM _stream_records WHERE table_name = ? ORDER BY id")
      .all(source.tableName)
      .map((row) => row["sequence_number"]);
  await until(() => items().length === 1);
  await stopPurge();
  expect(items()).toEqual(["S:fresh"]);
  // The one that stands at the position, and those of the two removals.
  expect(sequences()).toEqual(["3", "4", "5"]);

  await write(source.tableName, ["later"]);
  const stopSecond = consume(source, handler);
  await until(() => given.includes("later"));
  await stopSecond();
});
