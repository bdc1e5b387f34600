/** What a request leaves in the table for good: items are counted as DynamoDB does, each with its entries in the indexes. */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { deployment } from "../../functions/shell/config.ts";
import { dynamodb } from "../../functions/shell/dynamodb-client.ts";
import type { Item } from "../../functions/shell/item.ts";
import { type Sample, send } from "../../test/sample-request.ts";
import { itemBytes } from "../ledger-costs.ts";
import type { Watch } from "./invocations.ts";

export type Kept = { readonly tableBytes: number; readonly indexBytes: number };

/** DynamoDB adds so much to each item, and to each entry of an index. */
const overheadBytes = 100;
const keyAttributes = ["pk", "sk", "duePk", "dueSk"];
/** What is gone within a month, such as an idempotency record, is left out. */
const soonSeconds = 31 * 86_400;

/** How much more a tenant has stored after the request, and after what was told of it. */
export async function keptAfter(sample: Sample, watch: Watch): Promise<Kept> {
  await watch.untilQuiet();
  const before = await storedBy(sample.tenant.tenantId);
  const { status, body } = await send(sample);
  if (status >= 300) throw new Error(`${sample.operation.id}: ${status} ${JSON.stringify(body)}`);
  await watch.untilQuiet();
  const after = await storedBy(sample.tenant.tenantId);
  return { tableBytes: after.tableBytes - before.tableBytes, indexBytes: after.indexBytes - before.indexBytes };
}

async function storedBy(tenantId: string): Promise<Kept> {
  let [tableBytes, indexBytes] = [0, 0];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await dynamodb().send(new ScanCommand({ TableName: deployment().tableName, ConsistentRead: true, ExclusiveStartKey: start }));
    for (const item of (page.Items ?? []) as Item[]) {
      if (!item.pk.includes(tenantId) || isGoneSoon(item)) continue;
      tableBytes += itemBytes(item) + overheadBytes;
      // One index has the whole item, the other one its keys.
      if ("listPk" in item) indexBytes += itemBytes(item) + overheadBytes;
      if ("duePk" in item) indexBytes += itemBytes(keysOf(item)) + overheadBytes;
    }
    start = page.LastEvaluatedKey;
  } while (start);
  return { tableBytes, indexBytes };
}

const isGoneSoon = ({ expiresAtSeconds = Infinity }: Item): boolean => expiresAtSeconds < Date.now() / 1000 + soonSeconds;
const keysOf = (item: Item): Item => Object.fromEntries(Object.entries(item).filter(([name]) => keyAttributes.includes(name))) as Item;
