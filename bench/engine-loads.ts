/** The same operations as bare calls of the SDK's document client, on the same kind of items with the same conditions. */
import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { customerUpdated } from "../domain/customers/events.ts";
import { customerKey, customerListPk, identityKey } from "../domain/customers/keys.ts";
import type { Caller } from "../domain/kernel/caller.ts";
import { tell } from "../domain/kernel/event.ts";
import { inPartition } from "../domain/kernel/partition.ts";
import type { Key } from "../domain/kernel/table.ts";
import { deployment } from "../functions/shell/config.ts";
import { withoutClientRequestToken } from "../functions/shell/dynamodb-client.ts";
import { partitionOf } from "../functions/shell/execute.ts";
import { type Item, itemKey } from "../functions/shell/item.ts";
import { newId } from "../functions/shell/random.ts";
import type { Load, Loads } from "./load.ts";
import { createdAtOf, creationItems, customerIdOf, emailOf, newBody, outboxOf, randomIndex } from "./population.ts";

/** The SDK as it comes, save for the token that the engine is slow with; so it signs its requests, which the product's local client spares. */
export const bare = DynamoDBDocumentClient.from(
  withoutClientRequestToken(
    new DynamoDBClient({ endpoint: deployment().endpoint, region: "local", credentials: { accessKeyId: "local", secretAccessKey: "local" } }),
  ),
);
const pages = 20;
/** More than a round of a few seconds uses up. */
const creationsPrepared = 3_000;

export function engineLoads(caller: Caller, customers: number): Loads {
  const { tableName: TableName } = deployment();
  const partition = partitionOf(caller);
  const get = async (key: Key) => (await bare.send(new GetCommand({ TableName, Key: itemKey(partition, key), ConsistentRead: true }))).Item as Item;
  const found = <Value>(value: Value | undefined): Value => value ?? fail("The engine found nothing.");
  const keyOf = (connection: number, connections: number) => customerKey(customerIdOf(randomIndex(customers, connection, connections)));
  return {
    "get by id": { call: async (connection, connections) => found(await get(keyOf(connection, connections))) },
    "get by identity": {
      async call(connection, connections) {
        const email = { type: "email", value: emailOf(randomIndex(customers, connection, connections)) };
        const { customerId } = JSON.parse(found(await get(identityKey(email, caller.settings.secret))).document ?? "") as { customerId: string };
        return found(await get(customerKey(customerId)));
      },
    },
    create: creation(() => creationItems(caller, newBody(), newId("cus"), new Date())),
    "create, with key": creation(() => creationItems(caller, newBody(), newId("cus"), new Date(), randomUUID())),
    update: {
      async call(connection, connections) {
        const before = found(await get(keyOf(connection, connections)));
        const guard = { ConditionExpression: "version = :version", ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const };
        return bare.send(new PutCommand({ TableName, Item: updated(before, caller), ExpressionAttributeValues: { ":version": before.version }, ...guard }));
      },
    },
    "list of 50": {
      async call() {
        const page = Math.floor(Math.random() * pages);
        const { Items } = await bare.send(new QueryCommand({ TableName, ...listPage(partition, page) }));
        if (Items?.length !== 50) fail(`A page has ${Items?.length} items.`);
      },
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}

/** One transaction of items that are made before the clock runs. */
function creation(make: () => Item[]): Load {
  const { tableName: TableName } = deployment();
  const prepared: Item[][] = [];
  const guard = { ConditionExpression: "attribute_not_exists(pk) OR expiresAtSeconds <= :now", ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const };
  return {
    async prepare() {
      while (prepared.length < creationsPrepared) prepared.push(make());
    },
    call() {
      const values = { ExpressionAttributeValues: { ":now": Math.floor(Date.now() / 1000) } };
      const items = prepared.pop() ?? make();
      return bare.send(new TransactWriteCommand({ TransactItems: items.map((Item) => ({ Put: { TableName, Item, ...guard, ...values } })) }));
    },
  };
}

/** The customer with another name, as the product's update writes it. */
function updated(before: Item, caller: Caller): Item {
  const now = new Date();
  const version = before.version + 1;
  const document = { ...JSON.parse(before.document ?? ""), displayName: `Ada ${randomUUID()}`, version, updatedAt: now.toISOString() };
  return { ...before, version, document: JSON.stringify(document), outbox: JSON.stringify(outboxOf([tell(customerUpdated)], caller, now)) };
}

function listPage(partition: string, page: number) {
  const listPk = inPartition(partition, customerListPk(0));
  const last = page * 50 - 1;
  const id = customerIdOf(last);
  return {
    IndexName: "list",
    KeyConditionExpression: "listPk = :pk",
    ExpressionAttributeValues: { ":pk": listPk },
    Limit: 50,
    ...(page > 0 && { ExclusiveStartKey: { listPk, listSk: `${createdAtOf(last).toISOString()}#${id}`, ...itemKey(partition, customerKey(id)) } }),
  };
}
