/** What a request to DynamoDB needs to be allowed, and for which partition keys: Service Authorization Reference, "Amazon DynamoDB". */
import type { Asked } from "./iam.ts";

// biome-ignore lint/suspicious/noExplicitAny: the JSON of DynamoDB's protocol, which the SDK has made.
type Json = any;
export type Needed = Pick<Asked, "action" | "resource"> & { readonly leadingKeys: readonly string[] };

const transactActions: Record<string, string> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
  Get: "GetItem",
};
/** The value of `name = :value` in a key condition. */
const valueIn = ({ KeyConditionExpression: condition, ExpressionAttributeValues: values }: Json, name: string): string =>
  values[new RegExp(`\\b${name} = (:\\w+)`).exec(condition)?.[1] ?? ""]?.S;

/** `operation` as in the header `x-amz-target`, such as `Query`. Each is needed; a request without any is one that nobody knows here. */
export function neededFor(operation: string, body: Json, tableArn: string): Needed[] {
  const one = (action: string, leadingKeys: readonly string[], resource = tableArn): Needed => ({ action: `dynamodb:${action}`, resource, leadingKeys });
  switch (operation) {
    case "GetItem":
    case "UpdateItem":
    case "DeleteItem":
      return [one(operation, [body.Key.pk.S])];
    case "PutItem":
      return [one(operation, [body.Item.pk.S])];
    case "BatchGetItem":
      return Object.values<Json>(body.RequestItems).map(({ Keys: keys }) =>
        one(
          operation,
          keys.map(({ pk }: Json) => pk.S),
        ),
      );
    case "Query": {
      const { IndexName: index } = body;
      const name = index ? `${index}Pk` : "pk";
      return [one(operation, [valueIn(body, name)], index ? `${tableArn}/index/${index}` : tableArn)];
    }
    case "Scan":
      return [one(operation, [], body.IndexName ? `${tableArn}/index/${body.IndexName}` : tableArn)];
    case "TransactWriteItems":
      return body.TransactItems.map((item: Json) => {
        const [[kind = "", { Key: key, Item: put }] = ["", {} as Json]] = Object.entries<Json>(item);
        return one(transactActions[kind] as string, [(key ?? put).pk.S]);
      });
    default:
      throw new Error(`No rule for ${operation}.`);
  }
}
