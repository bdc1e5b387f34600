/** The DynamoDB adapter: the only code of the product that speaks to the database. */
import { type AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
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
import { platformTenantId } from "../../domain/tenants/model.ts";
import { deployment } from "./config.ts";
import { type Item, partitionIn } from "./item.ts";
import { complain } from "./metrics.ts";
import { partitionSession } from "./partition-session.ts";
import { inTrace } from "./trace.ts";

type TransactItem = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];
export type ItemKey = { pk: string; sk: string };
/** One conditional write; `condition` is a DynamoDB expression over `values`. `count` adds `:add` to the item's amount. */
export type Write = { condition?: string; values?: Record<string, number> } & ({ put: Item } | { remove: ItemKey } | { check: ItemKey } | { count: ItemKey });
/** Why a write was refused, by its place in the list; `existing` is the item that stood there, where the write asked for it. */
export type Refusal = { code: string; existing?: Item };

let own: DynamoDBDocumentClient | undefined;
/** The client of this process's own role; its connections stay open between calls, and all other clients use them too. */
export function dynamodb(): DynamoDBDocumentClient {
  return inTrace((own ??= DynamoDBDocumentClient.from(newClient(deployment().endpoint))));
}

const ofPartitions = new Map<string, DynamoDBDocumentClient>();
/** Bounds the memory: 37 KB each. Who comes back later costs a call of STS. */
const partitionsMax = 500;

/**
 * Who may reach an item: on AWS a tenant's partition is open to credentials for that partition only. The platform's
 * partition, rate buckets and the due index belong to no tenant: there the own role says what is allowed.
 */
function clientFor(pk: string): DynamoDBDocumentClient {
  const { tenantRoleArn } = deployment();
  const partition = partitionIn(pk);
  if (!tenantRoleArn || partition === undefined || partition === platformTenantId) return dynamodb();
  const known = ofPartitions.get(partition);
  // Put at the end again: the first of the map is the one that nobody has needed for longest.
  ofPartitions.delete(partition);
  if (!known && ofPartitions.size >= partitionsMax) ofPartitions.delete(ofPartitions.keys().next().value as string);
  const client = known ?? newPartitionClient(partitionSession(tenantRoleArn, partition));
  ofPartitions.set(partition, client);
  return inTrace(client);
}

const newPartitionClient = (credentials: ReturnType<typeof partitionSession>): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(
    withoutLogger(tellingOfDenials(new DynamoDBClient({ ...patience, requestHandler: dynamodb().config.requestHandler, credentials }))),
  );

/**
 * A request gives up well before API Gateway does (30 s), so that the caller gets an answer that says to try again.
 * On a laptop a slow engine is a busy one, and waiting for it is better than asking it again.
 */
const patience = { maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 4_000, throwOnRequestTimeout: true } };

function newClient(endpoint: string | undefined): DynamoDBClient {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = endpoint
    ? withoutClientRequestToken(new DynamoDBClient({ endpoint, region: "local", credentials, signer: { sign: unsigned } }))
    : tellingOfDenials(new DynamoDBClient(patience));
  return withoutLogger(client);
}

/** It prepares every answer for a log that nobody has asked for: a tenth of a query's time. */
function withoutLogger(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}

/** DynamoDB's name for it, and that of STS, which is asked for credentials within a call. */
const denials = new Set(["AccessDeniedException", "AccessDenied"]);
/** The last wall around a tenant's partition has held: the code before it is wrong, or somebody is inside it. */
function tellingOfDenials(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (call) =>
        next(call).catch((error: Error) => {
          if (denials.has(error.name)) complain("IsolationDenied", "access was denied", error, { command: commandName });
          throw error;
        }),
    { step: "initialize", name: "tellingOfDenials" },
  );
  return client;
}

/** Local engines want a signature of the right form and do not check it; to compute one takes a third of a request's time. */
async function unsigned<Request extends object>(request: Request): Promise<Request> {
  const { headers } = request as unknown as { headers: Record<string, string> };
  headers["authorization"] = "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=local";
  headers["x-amz-date"] = "20260101T000000Z";
  return request;
}

const textOf = new TextDecoder();
/**
 * The embedded engine searches the tokens of the last ten minutes at every transaction, which soon costs more than the
 * transaction. A repeated commit is recognised by what it wrote (see table.ts), so nothing is lost without the token.
 * The SDK's serializer makes one whenever the input has none: it can only be taken out of the body.
 */
export function withoutClientRequestToken(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (call) => {
        const request = call.request as { body: string | Uint8Array };
        if (commandName?.startsWith("TransactWrite")) request.body = textOf.decode(request.body as Uint8Array).replace(/,?"ClientRequestToken":"[^"]*"/, "");
        return next(call);
      },
    { step: "build", priority: "high", name: "withoutClientRequestToken" },
  );
  return client;
}

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
