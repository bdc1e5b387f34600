/** The same reads and transactions as bare calls of the SDK, on items of the same size that stand beside the product's. */
import { randomUUID } from "node:crypto";
import { BatchGetCommand, PutCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import type { Caller } from "../domain/kernel/caller.ts";
import type { SingleOperation } from "../domain/kernel/operation.ts";
import type { Key } from "../domain/kernel/table.ts";
import { programKey } from "../domain/loyalty/keys.ts";
import { earnPoints } from "../domain/loyalty/wallets/earn-points.ts";
import { redeemPoints } from "../domain/loyalty/wallets/redeem-points.ts";
import { entryKey, referenceKey, walletKey } from "../domain/loyalty/wallets/wallet-keys.ts";
import { deployment } from "../functions/shell/config.ts";
import { getItem } from "../functions/shell/dynamodb.ts";
import { partitionOf } from "../functions/shell/execute.ts";
import { type Item, itemKey, toItem } from "../functions/shell/item.ts";
import { bare } from "./engine-loads.ts";
import type { LedgerLoads } from "./ledger-load.ts";
import { changesOf, programId, walletOf } from "./ledger-population.ts";
import { outboxOf, randomIndex } from "./population.ts";

/** Where nothing of the product looks; as long as its own keys. */
const besideKey = (partition: string, key: Key) => {
  const { pk, sk } = itemKey(partition, key);
  return { pk: pk.replace("T#", "X#"), sk };
};

/** The outbox, which the product would tell of, under another name of that length. */
const untold = ({ outbox, ...item }: Item): Item => ({ ...item, ...(outbox !== undefined && { told__: outbox }) });

/** What one command writes: the head, its entry and the reference. */
type Written = { readonly head: Item; readonly others: readonly Item[] };

export async function ledgerEngineLoads(caller: Caller, wallets: number): Promise<LedgerLoads> {
  const { tableName: TableName } = deployment();
  const partition = partitionOf(caller);
  const program = { ...(await getItem(itemKey(partition, programKey(programId)))), ...besideKey(partition, programKey(programId)) };
  const rich = walletOf(wallets);
  const written = async (operation: SingleOperation, points: number): Promise<Written> => {
    const changes = await changesOf(operation, caller, { walletId: rich }, { points, reference: randomUUID() });
    const items = changes.flatMap((change) => (change.kind === "put" ? [untold(toItem(partition, change, outboxOf(change.events, caller, new Date())))] : []));
    const head = items.find(({ sk }) => sk === "HEAD") as Item;
    return { head, others: items.filter((item) => item !== head) };
  };
  const [earn, redeem] = [await written(earnPoints, 10), await written(redeemPoints, 1)];
  const put = (Item: object) => bare.send(new PutCommand({ TableName, Item }));
  await put(program);
  for (let index = 0; index <= wallets; index++) await put({ ...earn.head, ...besideKey(partition, walletKey(walletOf(index))), version: 1 });
  const command = (walletId: string, template: Written) => commandOn(walletId, partition, template);
  return {
    earn: { call: (connection, connections) => command(walletOf(randomIndex(wallets, connection, connections)), earn) },
    "redeem on one wallet": { call: () => command(rich, redeem) },
  };
}

/** One read and one conditional transaction; both again at once when somebody else wrote first. */
async function commandOn(walletId: string, partition: string, { head, others }: Written): Promise<void> {
  const { tableName: TableName } = deployment();
  const headKey = besideKey(partition, walletKey(walletId));
  const reference = besideKey(partition, referenceKey(walletId, "bench", randomUUID()));
  const Keys = [headKey, besideKey(partition, programKey(programId)), reference];
  for (;;) {
    const { Responses } = await bare.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }));
    const version = Responses?.[TableName]?.find(({ sk }) => sk === "HEAD")?.["version"] as number;
    const entry = besideKey(partition, entryKey(walletId, version));
    const absent = { ConditionExpression: "attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const };
    const unchanged = { ...absent, ConditionExpression: "version = :version", ExpressionAttributeValues: { ":version": version } };
    const puts = [
      { TableName, Item: { ...head, ...headKey, version: version + 1 }, ...unchanged },
      ...others.map((item) => ({ TableName, Item: { ...item, ...(item.sk.startsWith("REF#") ? reference : entry) }, ...absent })),
    ];
    try {
      await bare.send(new TransactWriteCommand({ TransactItems: puts.map((Put) => ({ Put })) }));
      return;
    } catch (error) {
      if ((error as Error).name !== "TransactionCanceledException") throw error;
    }
  }
}
