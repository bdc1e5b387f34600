/**
 * Every minute: what is due is handled by its kind's handler, whose changes are committed like those of an operation.
 * Work in many steps goes on within the sweep, turn by turn with everything else that is due.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Context, ScheduledEvent } from "aws-lambda";
import { dueWork } from "../domain/due-work.ts";
import { splitPartition } from "../domain/kernel/partition.ts";
import { Contention } from "../domain/kernel/table.ts";
import { instantAfter } from "../domain/kernel/time.ts";
import { getItem, type ItemKey, moveDueTime, queryItems } from "./shell/dynamodb.ts";
import { sendAfterCommit } from "./shell/effects.ts";
import { documentOf, dueShards, dueSortKey, parseDueSortKey } from "./shell/item.ts";
import { complain } from "./shell/metrics.ts";
import { observed } from "./shell/observed.ts";
import { sendToQueue } from "./shell/queue.ts";
import { systemOutbox } from "./shell/system-outbox.ts";
import { openTable } from "./shell/table.ts";

type DueItem = ItemKey & { dueSk: string };
/** An item that was handled and is due again, or could not be decided; `at` is when it has its next turn. */
type Turn = { readonly item: DueItem; readonly at: string };

const byKind = new Map(dueWork.map((work) => [work.kind, work]));
const pageSize = 50;
const concurrency = 8;
/** A sweep ends before the next one begins; what is left is still due then. */
const sweepMilliseconds = 45_000;
/** How long work rests when somebody else wrote first. */
const contentionMilliseconds = 200;
/** Work that fails steps back, so that it cannot keep the rest of its shard waiting. */
const retryMilliseconds = 5 * 60_000;

/** `time` is the instant up to which work is due; it goes on with the clock. Safe to run late, twice, or beside another run. */
export const handler = observed(
  "run-due-work",
  async ({ time }: Pick<ScheduledEvent, "time">, context?: Pick<Context, "getRemainingTimeInMillis">): Promise<void> => {
    const milliseconds = Math.min(sweepMilliseconds, context?.getRemainingTimeInMillis() ?? Number.POSITIVE_INFINITY);
    await Promise.all(Array.from({ length: dueShards }, (_, shard) => sweep(shard, new Date(time), milliseconds)));
  },
);

async function sweep(shard: number, time: Date, milliseconds: number): Promise<void> {
  // The system's clock may be set back meanwhile: then a sweep would wait for a time that has been.
  const startedAt = performance.now();
  const clock = () => new Date(time.getTime() + performance.now() - startedAt);
  const deadline = instantAfter(time, milliseconds);
  let now = time;
  let waiting: Turn[] = [];
  for (;;) {
    const at = now.toISOString();
    const ready = waiting.filter((turn) => turn.at <= at).map(({ item }) => item);
    const left = waiting.filter((turn) => turn.at > at);
    const again = await handleAllDue(shard, now, ready, () => clock().toISOString() < deadline);
    waiting = [...left, ...again].filter((turn) => turn.at < deadline);
    if (waiting.length === 0) return;
    const next = Math.min(...waiting.map((turn) => Date.parse(turn.at)));
    await delay(Math.max(0, next - clock().getTime()));
    now = clock();
    if (now.toISOString() >= deadline) return;
  }
}

/** Everything of a shard that is due by `now`, and `ready`, which the index need not list yet. Answers what has another turn. */
async function handleAllDue(shard: number, now: Date, ready: readonly DueItem[], hasTime: () => boolean): Promise<Turn[]> {
  const again: Turn[] = [];
  const known = new Set(ready.map(({ pk, sk }) => `${pk} ${sk}`));
  let startKey: Record<string, unknown> | undefined;
  do {
    const { items, lastKey } = await queryItems({
      IndexName: "due",
      pk: `DUE#${shard}`,
      KeyConditionExpression: "duePk = :pk AND dueSk < :end",
      // A sort key begins with its instant; "$" follows "#", so that work due exactly now is included.
      ExpressionAttributeValues: { ":end": `${now.toISOString()}$` },
      Limit: pageSize,
      ...(startKey && { ExclusiveStartKey: startKey }),
    });
    const listed = (items as unknown as DueItem[]).filter(({ pk, sk }) => !known.has(`${pk} ${sk}`));
    const queue = startKey ? listed : [...listed, ...ready];
    await Promise.all(Array.from({ length: concurrency }, () => drain(queue, now, again)));
    startKey = lastKey;
  } while (startKey && hasTime());
  return again;
}

async function drain(queue: DueItem[], now: Date, again: Turn[]): Promise<void> {
  for (let due = queue.shift(); due; due = queue.shift()) {
    const { kind } = parseDueSortKey(due.dueSk);
    try {
      again.push(...(await handle(due, now)));
    } catch (error) {
      if (error instanceof Contention) {
        again.push({ item: due, at: instantAfter(now, contentionMilliseconds) });
        continue;
      }
      complain("DueWorkFailed", "due work failed", error, { kind });
      const later = dueSortKey({ at: instantAfter(now, retryMilliseconds), kind, pk: due.pk });
      await moveDueTime(due, due.dueSk, later).catch((failure: unknown) => complain("DueWorkFailed", "due work not put off", failure, { kind }));
    }
  }
}

/** Answers the item's next turn, if its handler gave it one. */
async function handle({ pk, sk, dueSk }: DueItem, now: Date): Promise<Turn[]> {
  const { kind } = parseDueSortKey(dueSk);
  const work = byKind.get(kind);
  if (!work) throw new Error(`Unknown kind of due work: ${kind}.`);
  // The index is eventually consistent: what it lists may have been done.
  const item = await getItem({ pk, sk });
  if (item?.dueSk !== dueSk) return [];
  const inside = splitPartition(pk);
  const table = openTable(inside.partition, () => now);
  const { changes, messages } = await work.run({ table, now }, { pk: inside.pk, sk }, documentOf(item) as never);
  await table.commit(changes, systemOutbox(kind, now));
  await sendAfterCommit({ send: sendToQueue }, inside.partition, messages);
  return changes.flatMap((change) => {
    const due = change.kind === "put" && change.key.pk === inside.pk && change.key.sk === sk ? change.placement.due : undefined;
    return due ? [{ item: { pk, sk, dueSk: dueSortKey({ ...due, pk }) }, at: due.at }] : [];
  });
}
