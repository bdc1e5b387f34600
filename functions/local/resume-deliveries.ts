/** What the queue of the last run held is lost with it. Due work would find it within a minute; here it need not wait so long. */
import { queuePatienceSeconds, resumeKind } from "../../domain/webhooks/delivery-round.ts";
import { type ItemKey, moveDueTime, queryItems } from "../shell/dynamodb.ts";
import { dueShards, dueSortKey, parseDueSortKey } from "../shell/item.ts";

/** Makes due now what waits for the queue to be given up. Safe at any time: a delivery that is not to be made yet is not made. */
export async function resumeDeliveries(): Promise<void> {
  const now = new Date();
  const end = new Date(now.getTime() + queuePatienceSeconds * 1000).toISOString();
  await Promise.all(Array.from({ length: dueShards }, (_, shard) => resumeShard(shard, now.toISOString(), end)));
}

async function resumeShard(shard: number, now: string, end: string): Promise<void> {
  let startKey: Record<string, unknown> | undefined;
  do {
    const { items, lastKey } = await queryItems({
      IndexName: "due",
      KeyConditionExpression: "duePk = :shard AND dueSk BETWEEN :now AND :end",
      ExpressionAttributeValues: { ":shard": `DUE#${shard}`, ":now": now, ":end": end },
      ...(startKey && { ExclusiveStartKey: startKey }),
    });
    for (const item of items as unknown as (ItemKey & { dueSk: string })[]) {
      const place = parseDueSortKey(item.dueSk);
      if (place.kind === resumeKind) await moveDueTime(item, item.dueSk, dueSortKey({ ...place, at: now }));
    }
    startKey = lastKey;
  } while (startKey);
}
