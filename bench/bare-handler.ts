/** The least that a Lambda with the SDK's document client can be: what the product's bundles are measured against. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";

let client: DynamoDBDocumentClient | undefined;
/** Made at the first call, as the product does, so that both imports measure the loading of code and nothing else. */
export const handler = (event: { key: Record<string, string> }) => {
  client ??= DynamoDBDocumentClient.from(new DynamoDBClient({}));
  return client.send(new GetCommand({ TableName: "clientele", Key: event.key }));
};
