/** The table at a local endpoint. */
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, UpdateTimeToLiveCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { StartFailure } from "./start-failure.ts";
import { tableSchema, timeToLive } from "./table-schema.ts";

/** Local engines take any region and credentials, but the SDK looks for some. */
export const localConnection = (endpoint: string) => ({ endpoint, region: "local", credentials: { accessKeyId: "local", secretAccessKey: "local" } });

/** Creates the table if it is absent. Answers the address of its stream. */
export async function ensureTable(endpoint: string, tableName: string): Promise<string> {
  const client = new DynamoDBClient({ ...localConnection(endpoint), maxAttempts: 2 });
  try {
    const streamArn = (await describe(client, tableName)) ?? (await create(client, tableName));
    if (!streamArn) throw new StartFailure(`The table ${tableName} at ${endpoint} has no stream; Clientele needs one with new and old images.`);
    return streamArn;
  } catch (error) {
    if (error instanceof StartFailure) throw error;
    throw new StartFailure(`No DynamoDB answers at ${endpoint}: ${(error as Error).message || (error as { code?: string }).code}`);
  } finally {
    client.destroy();
  }
}

/** Undefined when there is no such table; empty when it has no stream. */
async function describe(client: DynamoDBClient, tableName: string): Promise<string | undefined> {
  try {
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    return table?.LatestStreamArn ?? "";
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

async function create(client: DynamoDBClient, tableName: string): Promise<string | undefined> {
  await client.send(new CreateTableCommand({ ...tableSchema, TableName: tableName }));
  await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: tableName });
  await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: timeToLive }));
  return await describe(client, tableName);
}
