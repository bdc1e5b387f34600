/** The DynamoDB adapter: all that the product asks of the database. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { deployment } from "./config.ts";
import { clientFor } from "./dynamodb-client.ts";
import type { Item } from "./item.ts";

type TransactItem = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];
export type ItemKey = { pk: string; sk: string };
/** One conditional write; `condition` is a DynamoDB expression over `values`. `count` adds `:add` to the item's amount. */
export type Write = { condition?: string; values?: Record<string, number> } & ({ put: Item } | { remove: ItemKey } | { check: ItemKey } | { count: ItemKey });
/** Why a write was refused, by its place in the list; `existing` is the item that stood there, where the write asked for it. */
export type Refusal = { code: string; existing?: Item };

export async function getItem(key: ItemKey): Promise<Item | undefined> {
  const { Item: item } = await clientFor(key.pk).send(new GetCommand({ TableName: deployment().tableName, Key: key, ConsistentRead: true }));
  return item as Item | undefined;
}

const batchReadsMax = 6;
/** Up to 100 different keys of one partition; the items come in no particular order. Keys that the database leaves out are asked for again. */
export async function getItems(keys: readonly ItemKey[]): Promise<Item[]> {
  const { tableName } = deployment();
  const client = clientFor(keys[0]?.pk ?? "");
  const items: Item[] = [];
  let pending: ItemKey[] = [...keys];
  for (let attempt = 0; pending.length > 0; attempt++) {
    if (attempt === batchReadsMax) throw shellProblem("service_unavailable", {}, { "retry-after": "1" });
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * 2 ** Math.min(attempt, 6)));
    const answer = await client.send(new BatchGetCommand({ RequestItems: { [tableName]: { Keys: pending, ConsistentRead: true } } }));
    items.push(...((answer.Responses?.[tableName] ?? []) as Item[]));
    pending = (answer.UnprocessedKeys?.[tableName]?.Keys ?? []) as ItemKey[];
  }
  return items;
}

/** `pk` is the value of `:pk` in the condition. */
export type QueryInput = Omit<QueryCommandInput, "TableName"> & { readonly pk: string };
export async function queryItems({ pk, ...input }: QueryInput): Promise<{ items: Item[]; lastKey: Record<string, unknown> | undefined }> {
  const values = { ":pk": pk, ...input.ExpressionAttributeValues };
  const command = new QueryCommand({ ...input, TableName: deployment().tableName, ExpressionAttributeValues: values });
  const { Items = [], LastEvaluatedKey } = await clientFor(pk).send(command);
  return { items: Items as Item[], lastKey: LastEvaluatedKey };
}

/** Moves an item's due time, unless somebody else has; nothing else of the item changes. */
export async function moveDueTime(key: ItemKey, from: string, to: string): Promise<void> {
  const update = { ConditionExpression: "dueSk = :from", UpdateExpression: "SET dueSk = :to", ExpressionAttributeValues: { ":from": from, ":to": to } };
  try {
    await clientFor(key.pk).send(new UpdateCommand({ TableName: deployment().tableName, Key: { pk: key.pk, sk: key.sk }, ...update }));
  } catch (error) {
    if ((error as Error).name !== "ConditionalCheckFailedException") throw error;
  }
}

/** One conditional update; both parts are DynamoDB expressions over `values`. */
export type Update = { set: string; condition: string; values: Record<string, number> };
/** Answers what the item is now of what was set, or what stood there when the condition was not met. Throws after `patienceMilliseconds`. */
export async function updateIf(key: ItemKey, { set, condition, values }: Update, patienceMilliseconds: number) {
  const command = new UpdateCommand({
    TableName: deployment().tableName,
    Key: key,
    UpdateExpression: set,
    ConditionExpression: condition,
    ExpressionAttributeValues: values,
    ReturnValues: "UPDATED_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  try {
    const { Attributes } = await clientFor(key.pk).send(command, { abortSignal: AbortSignal.timeout(patienceMilliseconds) });
    return { isDone: true, item: Attributes };
  } catch (error) {
    const { name, Item: existing } = error as SdkError;
    if (name !== "ConditionalCheckFailedException") throw error;
    return { isDone: false, item: existing && unmarshall(existing) };
  }
}

const pkOf = (write: Write): string => ("put" in write ? write.put : "remove" in write ? write.remove : "count" in write ? write.count : write.check).pk;

/** Commits all writes, which are of one partition, or none. Answers the refusals, one per write and undefined where it was fine, or nothing when committed. */
export async function writeItems(writes: readonly Write[]): Promise<(Refusal | undefined)[] | undefined> {
  const requests = writes.map(toRequest);
  const [only] = requests;
  const client = clientFor(pkOf(writes[0] as Write));
  try {
    if (requests.length === 1 && only?.Put) await client.send(new PutCommand(only.Put));
    else if (requests.length === 1 && only?.Delete) await client.send(new DeleteCommand(only.Delete));
    else await client.send(new TransactWriteCommand({ TransactItems: requests }));
    return undefined;
  } catch (error) {
    return refusalsOf(error, writes.length);
  }
}

function toRequest(write: Write): TransactItem {
  const terms = {
    TableName: deployment().tableName,
    ...(write.condition && { ConditionExpression: write.condition }),
    ...(write.values && { ExpressionAttributeValues: write.values }),
    ...(write.condition && { ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const }),
  };
  if ("put" in write) return { Put: { ...terms, Item: write.put } };
  if ("remove" in write) return { Delete: { ...terms, Key: write.remove } };
  if ("count" in write) return { Update: { ...terms, Key: write.count, UpdateExpression: "ADD amount :add" } };
  return { ConditionCheck: { ...terms, Key: write.check, ConditionExpression: write.condition ?? "attribute_exists(pk)" } };
}

type Image = Record<string, AttributeValue>;
type SdkError = Error & { CancellationReasons?: { Code?: string; Message?: string; Item?: Image }[]; Item?: Image };

/** DynamoDB has no code of its own for an item of more than 400 KB, or a transaction of more than 4 MB. */
const isAboutSize = (message: string): boolean => /size/i.test(message);

/** A single write fails with an error of its own, a transaction with a reason per write: both become the same list. */
function refusalsOf(error: unknown, count: number): (Refusal | undefined)[] {
  const { name, message, CancellationReasons: reasons, Item: existing } = error as SdkError;
  // The document client converts answers, but not what errors carry.
  const refusal = (code: string, image: Image | undefined): Refusal => ({ code, existing: image && (unmarshall(image) as Item) });
  if (name === "TransactionCanceledException" && reasons)
    return reasons.map(({ Code: code = "None", Message: reason = "", Item: item }) => {
      if (code === "None") return undefined;
      if (code !== "ValidationError") return refusal(code, item);
      if (isAboutSize(reason)) return refusal("ItemSizeLimitExceeded", item);
      throw error;
    });
  const code =
    name === "ConditionalCheckFailedException"
      ? "ConditionalCheckFailed"
      : name === "TransactionConflictException" || name === "TransactionInProgressException"
        ? "TransactionConflict"
        : name === "ValidationException" && isAboutSize(message)
          ? "ItemSizeLimitExceeded"
          : undefined;
  if (!code) throw error;
  return Array.from({ length: count }, () => refusal(code, existing));
}
