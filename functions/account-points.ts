/**
 * The other consumer of the table's stream, besides `append-events`: counts the entries of wallets for their programme's
 * accounting, and checks them and the wallets' heads. At least once becomes once by each wallet's watermark; what a batch
 * leaves out is read from the table.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { splitPartition } from "../domain/kernel/partition.ts";
import { Contention } from "../domain/kernel/table.ts";
import { countEntries, type SightingsByWallet, sightingsMax } from "../domain/loyalty/accounting/count-entries.ts";
import { type Seen, seenItem, sightingsOf } from "../domain/loyalty/accounting/sightings.ts";
import { complain } from "./shell/metrics.ts";
import { observed } from "./shell/observed.ts";
import { documentTextOfImage } from "./shell/packed-document.ts";
import { partAnswer } from "./shell/stream-batch.ts";
import { systemOutbox } from "./shell/system-outbox.ts";
import { openTable } from "./shell/table.ts";

type Sighted = { readonly partition: string; readonly record: DynamoDBRecord; readonly seen: Seen };

const attemptsMax = 8;

export const handler = observed("account-points", async (batch: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const byProgram = Map.groupBy(batch.Records.flatMap(sightedIn), ({ partition, seen }) => `${partition} ${seen.programId}`);
  const failed = await Promise.all([...byProgram.values()].map(countAll));
  return partAnswer(batch, failed);
});

function sightedIn(record: DynamoDBRecord): Sighted[] {
  const { NewImage: after, OldImage: before } = record.dynamodb ?? {};
  const { partition, pk } = splitPartition((after ?? before)?.["pk"]?.S ?? "");
  const seen = seenItem({ pk, sk: (after ?? before)?.["sk"]?.S ?? "" }, { before: documentTextOfImage(before), after: documentTextOfImage(after) });
  return seen ? [{ partition, record, seen }] : [];
}

/** Answers the first record of those that could not be counted. */
async function countAll(all: readonly Sighted[]): Promise<DynamoDBRecord | undefined> {
  for (let from = 0; from < all.length; from += sightingsMax) {
    const some = all.slice(from, from + sightingsMax);
    const [{ partition, record, seen }] = some as [Sighted];
    try {
      await count(partition, seen.programId, sightingsOf(some.map((one) => one.seen)));
    } catch (error) {
      complain("EntriesNotCounted", "entries not counted", error, { partition, programId: seen.programId });
      return record;
    }
  }
  return undefined;
}

/** Somebody else may count the same entries, or other ones of the programme, at the same time: then it is decided again. */
async function count(partition: string, programId: string, sightings: SightingsByWallet): Promise<void> {
  const table = openTable(partition);
  for (let attempt = 1; ; ) {
    const now = new Date();
    try {
      const { changes, isDone } = await countEntries(table, programId, sightings, now, attempt >= attemptsMax - 1);
      await table.commit(changes, systemOutbox("account_points", now));
      if (isDone) return;
      attempt = 1;
    } catch (error) {
      if (!(error instanceof Contention) || attempt === attemptsMax) throw error;
      await delay((1 + Math.random()) * 10 * 2 ** attempt);
      attempt += 1;
    }
  }
}
