import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { deployment } from "../functions/shell/config.ts";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";
import { documentText } from "../functions/shell/packed-document.ts";
import type { Json } from "./clientele.ts";

/** Everything that is stored; documents as text, however they are kept, so that nothing can hide in a deflated one. */
export async function wholeTable(): Promise<Json[]> {
  const items: Json[] = [];
  let start: Json;
  do {
    const page = await dynamodb().send(new ScanCommand({ TableName: deployment().tableName, ConsistentRead: true, ExclusiveStartKey: start }));
    items.push(...(page.Items ?? []).map(asText));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}

const asText = ({ packed, ...item }: Json): Json => (packed === undefined ? item : { ...item, document: documentText({ packed }) });
