/** A process that fills an empty table: `node bench/seed.ts <data folder> <customers>`, with DYNAMODB_ENDPOINT set. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { writeAtomically } from "../functions/local/data-folder.ts";
import { type Demo, prepareDemo } from "../functions/local/demo.ts";
import { ensureTable } from "../functions/local/table.ts";
import { deployment } from "../functions/shell/config.ts";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";
import { createdAtOf, creationItems, customerBody, customerIdOf, emailOf, liveCaller } from "./population.ts";

/** Two items each, and one transaction holds a hundred. */
const customersPerTransaction = 50;
const lanes = 2;

async function seed(demo: Demo, customers: number): Promise<void> {
  const caller = await liveCaller(demo.tenantId);
  const { tableName: TableName } = deployment();
  const startedAt = Date.now();
  let next = 0;
  const writeOn = async () => {
    while (next < customers) {
      const first = next;
      next = Math.min(customers, first + customersPerTransaction);
      const indexes = Array.from({ length: next - first }, (_, offset) => first + offset);
      const items = indexes.flatMap((index) => creationItems(caller, customerBody(emailOf(index)), customerIdOf(index), createdAtOf(index)));
      await dynamodb().send(new TransactWriteCommand({ TransactItems: items.map((Item) => ({ Put: { TableName, Item } })) }));
      if (first > 0 && first % 10_000 === 0)
        console.error(`  ${first.toLocaleString("en")} of ${customers.toLocaleString("en")} customers, ${Math.round((Date.now() - startedAt) / 1000)} s`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, writeOn));
}

/** As if the product had told of these customers long ago: what is measured is not slowed by catching up with them. */
function passStreamRecords(dataDir: string, streamArn: string): void {
  using database = new DatabaseSync(join(dataDir, "clientele.sqlite"), { readOnly: true });
  const last = database.prepare("SELECT shard_id, sequence_number FROM _stream_records ORDER BY id DESC LIMIT 1").get() as Record<string, string>;
  writeAtomically(join(dataDir, "stream-position.json"), JSON.stringify({ streamArn, shards: { [last["shard_id"] as string]: last["sequence_number"] } }));
}

/** Fills the table that the process which started this one has named, with a data folder and the size of the population. */
export async function fillTable(fill: (demo: Demo, population: number) => Promise<void>): Promise<void> {
  const [dataDir = "", population] = process.argv.slice(2);
  const streamArn = await ensureTable(deployment().endpoint as string, deployment().tableName);
  await fill(await prepareDemo("http://127.0.0.1", join(dataDir, "demo.json")), Number(population));
  passStreamRecords(dataDir, streamArn);
}

if (import.meta.main) await fillTable(seed);
