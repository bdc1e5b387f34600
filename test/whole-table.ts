import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { deployment } from "../functions/shell/config.ts";
import { dynamodb } from "../functions/shell/dynamodb.ts";
import type { Json } from "./clientele.ts";

/** Everything that is stored. */
export async function wholeTable(): Promise<Json[]> {
  const items: Json[] = [];
  let start: Json;
  do {
    const page = await dynamodb().send(new ScanCommand({ TableName: deployment().tableName, ConsistentRead: true, ExclusiveStartKey: start }));
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}
