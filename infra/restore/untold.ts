/** Which of the items that were read tell of events that the log does not have. */
import { BatchGetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { OutboxEntry } from "../../domain/kernel/event.ts";
import { inPartition, splitPartition } from "../../domain/kernel/partition.ts";
import { dayMilliseconds } from "../../domain/kernel/time.ts";
import { eventPointerKey } from "../../domain/webhooks/keys.ts";
import { deliveries } from "../settings.ts";
import type { Image } from "./hand-over.ts";
import type { Untold } from "./journal.ts";

type StoredKey = { readonly pk: string; readonly sk: string };
type Telling = Untold & { readonly pointers: readonly StoredKey[] };

const keysAtOnce = 100;
/** Whatever is older was told, or given up and forgotten by the bucket of failed batches. */
const untoldMilliseconds = deliveries.failedBatchesDays * dayMilliseconds;

export const attribute = (image: Image, name: string): string => image[name]?.S ?? "";
const textOf = ({ pk, sk }: StoredKey): string => JSON.stringify([pk, sk]);

export async function untoldOf(dynamodb: DynamoDBClient, tableName: string, images: readonly Image[], now: Date): Promise<Untold[]> {
  const since = new Date(now.getTime() - untoldMilliseconds).toISOString();
  const telling = images.flatMap(tellingIn).filter(({ at }) => at >= since);
  const found = await itemsAt(
    dynamodb,
    tableName,
    telling.flatMap(({ pointers }) => pointers),
    "pk, sk",
  );
  return telling.filter(({ pointers }) => pointers.some((pointer) => !found.has(textOf(pointer)))).map(({ pk, sk, at }) => ({ pk, sk, at }));
}

function tellingIn(image: Image): Telling[] {
  const outbox = JSON.parse(attribute(image, "outbox") || "[]") as OutboxEntry[];
  const [pk, sk] = [attribute(image, "pk"), attribute(image, "sk")];
  const { partition } = splitPartition(pk);
  const pointers = outbox.map(({ id }) => eventPointerKey(id)).map((key) => ({ pk: inPartition(partition, key.pk), sk: key.sk }));
  return outbox[0] ? [{ pk, sk, at: outbox[0].at, pointers }] : [];
}

/** The items that tell, as they are now, in the order in which they are asked for. */
export async function imagesOf(dynamodb: DynamoDBClient, tableName: string, untold: readonly Untold[]): Promise<Image[]> {
  const found = await itemsAt(dynamodb, tableName, untold);
  return untold.map((key) => found.get(textOf(key))).filter((image) => image !== undefined);
}

async function itemsAt(dynamodb: DynamoDBClient, tableName: string, keys: readonly StoredKey[], attributes?: string): Promise<Map<string, Image>> {
  const found = new Map<string, Image>();
  const different = [...new Map(keys.map(({ pk, sk }) => [textOf({ pk, sk }), { pk: { S: pk }, sk: { S: sk } }])).values()];
  let pending: Image[] = different;
  while (pending.length > 0) {
    const request = { Keys: pending.slice(0, keysAtOnce), ConsistentRead: true, ...(attributes && { ProjectionExpression: attributes }) };
    const { Responses, UnprocessedKeys } = await dynamodb.send(new BatchGetItemCommand({ RequestItems: { [tableName]: request } }));
    for (const image of Responses?.[tableName] ?? []) found.set(textOf({ pk: attribute(image, "pk"), sk: attribute(image, "sk") }), image);
    pending = [...pending.slice(keysAtOnce), ...(UnprocessedKeys?.[tableName]?.Keys ?? [])];
  }
  return found;
}
