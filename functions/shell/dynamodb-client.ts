/** Who speaks to the database, and with whose credentials. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { platformTenantId } from "../../domain/tenants/model.ts";
import { deployment } from "./config.ts";
import { partitionIn } from "./item.ts";
import { complain } from "./metrics.ts";
import { partitionSession } from "./partition-session.ts";
import { inTrace } from "./trace.ts";

let own: DynamoDBDocumentClient | undefined;
/** The client of this process's own role; its connections stay open between calls, and all other clients use them too. */
export function dynamodb(): DynamoDBDocumentClient {
  return inTrace((own ??= DynamoDBDocumentClient.from(newClient(deployment().endpoint))));
}

const ofPartitions = new Map<string, DynamoDBDocumentClient>();
/** Bounds the memory: 37 KB each. Who comes back later costs half a millisecond: credentials are kept longer. */
const partitionsMax = 500;

/**
 * Who may reach an item: on AWS a tenant's partition is open to credentials for that partition only. The platform's
 * partition, rate buckets and the due index belong to no tenant: there the own role says what is allowed.
 */
export function clientFor(pk: string): DynamoDBDocumentClient {
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
