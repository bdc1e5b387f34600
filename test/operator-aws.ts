/**
 * What an operator's program finds of AWS, on loopback: a front of the engine that plays point-in-time recovery, which the
 * engine does not have, Lambda with the product's own handlers, and a bucket. Everything else of DynamoDB is the engine's.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { BatchWriteItemCommand, CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { localConnection } from "../functions/local/table.ts";
import { tableSchema } from "../functions/local/table-schema.ts";
import type { Json } from "./clientele.ts";

export type Loopback = { readonly endpoint: string; stop(): void };
export async function listen(handle: (request: IncomingMessage, body: string, response: ServerResponse) => Promise<unknown>): Promise<Loopback> {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    await handle(request, body, response).catch((error: Error) =>
      response.writeHead(500).end(JSON.stringify({ __type: "InternalError", message: error.message })),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
const json = (response: ServerResponse, answer: object, status = 200) =>
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(answer));
export const refuse = (response: ServerResponse, status: number, name: string, message: string) =>
  response.writeHead(status, { "content-type": "application/json", "x-amzn-errortype": name }).end(JSON.stringify({ __type: name, message, Message: message }));

type Restore = { readonly at: number; readonly source: string; looks: number };
export type PointInTimeRecovery = Loopback & {
  readonly requests: string[];
  readonly recoveryDays: Map<string, number>;
  /** By the name of the restored table; `at` is in seconds since 1970. */
  readonly restores: Map<string, Restore>;
};

/** A restored table has the items and the indexes of its source, and no stream, no time to live, no recovery and no protection of its own. */
export async function startPointInTimeRecovery(engine: string): Promise<PointInTimeRecovery> {
  const client = new DynamoDBClient(localConnection(engine));
  const requests: string[] = [];
  const recoveryDays = new Map([["clientele", 7]]);
  const restores = new Map<string, Restore>();
  const recovery = (table: string) => ({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: "ENABLED",
      PointInTimeRecoveryDescription: recoveryDays.has(table)
        ? {
            PointInTimeRecoveryStatus: "ENABLED",
            RecoveryPeriodInDays: recoveryDays.get(table),
            EarliestRestorableDateTime: Date.now() / 1000 - 86_400,
            LatestRestorableDateTime: Date.now() / 1000 + 60,
          }
        : { PointInTimeRecoveryStatus: "DISABLED" },
    },
  });
  const played: Record<string, (input: Json) => Promise<object>> = {
    DescribeContinuousBackups: async ({ TableName }) => recovery(TableName),
    UpdateContinuousBackups: async ({ TableName, PointInTimeRecoverySpecification: { RecoveryPeriodInDays: days } }) => {
      recoveryDays.set(TableName, days);
      return recovery(TableName);
    },
    RestoreTableToPointInTime: async ({ SourceTableName, TargetTableName, RestoreDateTime }) => {
      await copyItems(client, SourceTableName, TargetTableName);
      restores.set(TargetTableName, { at: RestoreDateTime, source: SourceTableName, looks: 0 });
      return { TableDescription: { TableName: TargetTableName, TableStatus: "CREATING" } };
    },
  };
  const loopback = await listen(async (request, body, response) => {
    const name = String(request.headers["x-amz-target"]).split(".")[1] as string;
    requests.push(name);
    if (played[name]) return json(response, await played[name](JSON.parse(body)));
    const { host: _, connection: _1, "content-length": _2, ...headers } = request.headers as Record<string, string>;
    const answer = await fetch(engine, { method: "POST", headers, body });
    const answered = (await answer.json()) as Json;
    const restore = name === "DescribeTable" ? restores.get(answered.Table?.TableName) : undefined;
    if (restore) {
      const RestoreInProgress = (restore.looks += 1) < 2;
      answered.Table.RestoreSummary = {
        RestoreDateTime: restore.at,
        RestoreInProgress,
        SourceTableArn: `arn:aws:dynamodb:eu-west-1:000000000000:table/${restore.source}`,
      };
      if (RestoreInProgress) answered.Table.TableStatus = "CREATING";
    }
    return json(response, answered, answer.status);
  });
  return { ...loopback, requests, recoveryDays, restores };
}

async function copyItems(client: DynamoDBClient, from: string, to: string): Promise<void> {
  const { StreamSpecification: _, ...schema } = tableSchema;
  await client.send(new CreateTableCommand({ ...schema, TableName: to }));
  let start: Json;
  do {
    const { Items = [], LastEvaluatedKey } = await client.send(new ScanCommand({ TableName: from, ExclusiveStartKey: start, ConsistentRead: true }));
    for (let done = 0; done < Items.length; done += 25) {
      const puts = Items.slice(done, done + 25).map((Item) => ({ PutRequest: { Item } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [to]: puts } }));
    }
    start = LastEvaluatedKey;
  } while (start);
}

export type Invocation = { readonly functionName: string; readonly records: readonly Json[] };
export type Stage = {
  /** What the Lambdas are told. */
  tableName: string;
  readonly queueUrl: string;
  readonly bucket: string;
  /** `hang`: does its work, and never answers. */
  invoke(invocation: Invocation): Promise<object | "crash" | "hang" | "throttle">;
};
export type LambdaApi = Loopback & { readonly concurrency: Map<string, number>; readonly mappings: Map<string, { functionName: string; state: string }> };

export async function startLambdaApi(stage: Stage): Promise<LambdaApi> {
  const concurrency = new Map<string, number>();
  const readers = ["append-events", "account-points", "deliver-webhook"].map((name) => `clientele-dev-${name}`);
  const mappings = new Map(readers.map((functionName, index) => [`mapping-${index}`, { functionName, state: "Enabled" }]));
  const mappingOf = ([UUID, { functionName, state }]: [string, { functionName: string; state: string }]) => ({
    UUID,
    FunctionArn: `arn:aws:lambda:eu-west-1:000000000000:function:${functionName}`,
    State: state,
    ...(!functionName.endsWith("webhook") && { DestinationConfig: { OnFailure: { Destination: `arn:aws:s3:::${stage.bucket}` } } }),
  });
  const loopback = await listen(async ({ method, url = "" }, body, response) => {
    const { pathname, searchParams } = new URL(url, "http://lambda");
    const [, , what, name = "", action] = pathname.split("/");
    if (what === "event-source-mappings" && method === "PUT") {
      const mapping = mappings.get(name) as { state: string };
      mapping.state = JSON.parse(body).Enabled ? "Enabling" : "Disabling";
      setTimeout(() => (mapping.state = JSON.parse(body).Enabled ? "Enabled" : "Disabled"), 500);
      return json(response, mappingOf([name, mappings.get(name) as { functionName: string; state: string }]), 202);
    }
    if (what === "event-source-mappings") {
      const found = [...mappings].filter(([, { functionName }]) => functionName === searchParams.get("FunctionName"));
      return json(response, { EventSourceMappings: found.map(mappingOf) });
    }
    if (!name.startsWith("clientele-dev-")) return refuse(response, 404, "ResourceNotFoundException", `Function not found: ${name}`);
    if (action === "configuration")
      return json(response, { FunctionName: name, Environment: { Variables: { TABLE_NAME: stage.tableName, QUEUE_URL: stage.queueUrl } } });
    if (action === "concurrency" && method === "DELETE") concurrency.delete(name);
    if (action === "concurrency" && method === "PUT") concurrency.set(name, JSON.parse(body).ReservedConcurrentExecutions);
    if (action === "concurrency") return method === "PUT" ? json(response, JSON.parse(body)) : response.writeHead(204).end();
    const answer = await stage.invoke({ functionName: name, records: JSON.parse(body).Records });
    if (answer === "hang") return undefined;
    if (answer === "throttle") return refuse(response, 429, "TooManyRequestsException", "Rate exceeded");
    if (answer === "crash")
      return response.writeHead(200, { "x-amz-function-error": "Unhandled" }).end('{"errorMessage":"Task timed out after 60.00 seconds"}');
    return response.writeHead(200).end(JSON.stringify(answer));
  });
  return { ...loopback, concurrency, mappings };
}

/** A bucket by what the program needs of S3: its list in XML, objects by key. */
export async function startBucket(name: string, objects: Map<string, string>): Promise<Loopback> {
  return listen(async ({ method, url = "" }, _, response) => {
    const { pathname, searchParams } = new URL(url, "http://s3");
    const key = decodeURIComponent(pathname.slice(`/${name}/`.length));
    if (key === "") {
      const contents = [...objects.keys()].filter((one) => one.startsWith(searchParams.get("prefix") ?? "")).toSorted();
      const xml = contents.map((one) => `<Contents><Key>${one}</Key></Contents>`).join("");
      return response.writeHead(200, { "content-type": "application/xml" }).end(`<ListBucketResult><IsTruncated>false</IsTruncated>${xml}</ListBucketResult>`);
    }
    if (method === "DELETE") return objects.delete(key) && response.writeHead(204).end();
    return response.writeHead(200).end(objects.get(key));
  });
}
