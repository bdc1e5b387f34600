/** Every minute: what is due is handled by its kind's handler, whose changes are committed like those of an operation. */
import type { ScheduledEvent } from "aws-lambda";
import { dueWork } from "../domain/due-work.ts";
import { Contention } from "../domain/kernel/table.ts";
import { instantAfter } from "../domain/kernel/time.ts";
import { getItem, type ItemKey, moveDueTime, queryItems } from "./shell/dynamodb.ts";
import { sendAfterCommit } from "./shell/effects.ts";
import { documentOf, dueShards, dueSortKey, parseDueSortKey, splitPartition } from "./shell/item.ts";
import { log } from "./shell/log.ts";
import { sendToQueue } from "./shell/queue.ts";
import { systemOutbox } from "./shell/system-outbox.ts";
import { openTable } from "./shell/table.ts";

type DueItem = ItemKey & { dueSk: string };

const byKind = new Map(dueWork.map((work) => [work.kind, work]));
const pageSize = 50;
const concurrency = 8;
/** A sweep ends before the next one begins; what is left is still due then. */
const sweepMilliseconds = 45_000;
/** Work that fails steps back, so that it cannot keep the rest of its shard waiting. */
const retryMilliseconds = 5 * 60_000;

/** `time` is the instant up to which work is due. Safe to run late, twice, or beside another run. */
export async function handler({ time }: Pick<ScheduledEvent, "time">): Promise<void> {
  const deadline = Date.now() + sweepMilliseconds;
  await Promise.all(Array.from({ length: dueShards }, (_, shard) => sweep(shard, new Date(time), deadline)));
}

async function sweep(shard: number, now: Date, deadline: number): Promise<void> {
  let startKey: Record<string, unknown> | undefined;
  do {
    const { items, lastKey } = await queryItems({
      IndexName: "due",
      KeyConditionExpression: "duePk = :shard AND dueSk < :end",
      // A sort key begins with its instant; "$" follows "#", so that work due exactly now is included.
      ExpressionAttributeValues: { ":shard": `DUE#${shard}`, ":end": `${now.toISOString()}$` },
      Limit: pageSize,
      ...(startKey && { ExclusiveStartKey: startKey }),
    });
    const queue = items as unknown as DueItem[];
    await Promise.all(Array.from({ length: concurrency }, () => drain(queue, now)));
    startKey = lastKey;
  } while (startKey && Date.now() < deadline);
}

async function drain(queue: DueItem[], now: Date): Promise<void> {
  for (let due = queue.shift(); due; due = queue.shift()) {
    const { kind } = parseDueSortKey(due.dueSk);
    const complain = (message: string) => (error: unknown) => log("error", message, { kind, error: String((error as Error).stack ?? error) });
    try {
      await handle(due, now);
    } catch (error) {
      if (error instanceof Contention) continue;
      complain("due work failed")(error);
      const later = dueSortKey({ at: instantAfter(now, retryMilliseconds), kind, pk: due.pk });
      await moveDueTime(due, due.dueSk, later).catch(complain("due work not put off"));
    }
  }
}

async function handle({ pk, sk, dueSk }: DueItem, now: Date): Promise<void> {
  const { kind } = parseDueSortKey(dueSk);
  const work = byKind.get(kind);
  if (!work) throw new Error(`Unknown kind of due work: ${kind}.`);
  // The index is eventually consistent: what it lists may have been done.
  const item = await getItem({ pk, sk });
  if (item?.dueSk !== dueSk) return;
  const inside = splitPartition(pk);
  const table = openTable(inside.partition, () => now);
  const { changes, messages } = await work.run({ table, now }, { pk: inside.pk, sk }, documentOf(item) as never);
  await table.commit(changes, systemOutbox(kind, now));
  await sendAfterCommit({ send: sendToQueue }, inside.partition, messages);
}
