/**
 * Clientele as it is deployed, on this machine: each Lambda is the bundle that the CDK deploys, in processes of its own,
 * with the environment of a Lambda and nothing else. Only what stands around them is of this machine: HTTP server, stream,
 * queue, clock and engine.
 */
import { join } from "node:path";
import type { APIGatewayProxyStructuredResultV2, SQSBatchResponse } from "aws-lambda";
import { contexts } from "../../domain/operations.ts";
import { routes as documents } from "../../functions/docs.ts";
import { startClock } from "../../functions/local/clock.ts";
import { prepareDemo } from "../../functions/local/demo.ts";
import { startEngine } from "../../functions/local/engine.ts";
import { startQueue } from "../../functions/local/queue.ts";
import type { Clientele, Options } from "../../functions/local/runtime.ts";
import { type HttpHandler, type Route, startServer } from "../../functions/local/server.ts";
import { type StreamHandler, startStreamConsumer } from "../../functions/local/stream.ts";
import { streamConsumers } from "../../functions/local/stream-consumers.ts";
import { ensureTable } from "../../functions/local/table.ts";
import { routeOf } from "../../functions/shell/http.ts";
import { bundleLambdas, folderOf } from "../../infra/lambda-bundles.ts";
import { type Lambda, startLambda } from "./lambda.ts";
import { startSqs } from "./sqs.ts";

const httpNames = [...Object.keys(contexts), "docs", "unmatched"];
const names = [...httpNames, ...streamConsumers.map(({ name }) => name), "deliver-webhook", "run-due-work"];
const accessKeyId = "ASIALAMBDASHOST00000";

export const lambdas = new Map<string, Lambda>();
const stopLambdas = () => {
  for (const lambda of lambdas.values()) lambda.stop();
};
// One that is frozen does not see that this process is gone.
process.once("exit", stopLambdas);
const lambdaOf = (name: string) => lambdas.get(name) as Lambda;

const throwIt = (error: Error): never => {
  throw error;
};

/** As the one of `functions/local/runtime.ts`. */
export async function startClientele({ port, dataDir }: Options): Promise<Clientele> {
  const server = await startServer(port);
  const bundles = join(dataDir, "bundles");
  const tableName = (process.env["TABLE_NAME"] ??= "clientele");
  const [engine] = await Promise.all([startEngine(join(dataDir, "clientele.sqlite"), throwIt), bundleLambdas(names, bundles)]);
  const { endpoint } = engine;
  const streamArn = await ensureTable(endpoint, tableName);
  // Of this process, which makes the first keys.
  process.env["DYNAMODB_ENDPOINT"] = endpoint;
  const demo = await prepareDemo(server.baseUrl, join(dataDir, "demo.json"));

  const queue = startQueue(join(dataDir, "queue.sqlite"), async (event) => (await lambdaOf("deliver-webhook").invoke(event)) as SQSBatchResponse);
  const sqs = await startSqs(accessKeyId, queue.put);
  const environment = environmentOf({ tableName, endpoint, sqs });
  for (const name of names) lambdas.set(name, startLambda(name, join(folderOf(name, bundles), "index.mjs"), environment));
  server.serve(routesOfAll(), httpHandlerOf("unmatched"));

  const consumers = streamConsumers.map((consumer) => {
    const handler: StreamHandler = async (event) => (await lambdaOf(consumer.name).invoke(event)) as Awaited<ReturnType<StreamHandler>>;
    return startStreamConsumer({ endpoint, streamArn, positionFile: join(dataDir, consumer.positionFile) }, { ...consumer, handler });
  });
  const stopClock = startClock((event, { getRemainingTimeInMillis }) => lambdaOf("run-due-work").invoke(event, getRemainingTimeInMillis()));
  return {
    baseUrl: server.baseUrl,
    demo,
    async stop() {
      await server.stop();
      await Promise.all([stopClock(), queue.stop(), ...consumers.map((stop) => stop())]);
      sqs.stop();
      stopLambdas();
      await engine.stop();
    },
  };
}

/** What a Lambda finds: what the service sets, what the deployment sets, and where AWS is. */
function environmentOf({ tableName, endpoint, sqs }: { tableName: string; endpoint: string; sqs: { endpoint: string; queueUrl: string } }) {
  return {
    AWS_REGION: "eu-west-3",
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: "of-the-function-role",
    AWS_SESSION_TOKEN: "of-the-function-role",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1024",
    TZ: ":UTC",
    TABLE_NAME: tableName,
    QUEUE_URL: sqs.queueUrl,
    AUTH_CACHE_SECONDS: "2",
    ALLOW_LOOPBACK_TARGETS: "true",
    VALIDATE_OUTPUT: "true",
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
  };
}

function routesOfAll(): Route[] {
  const ofContexts = Object.entries(contexts).flatMap(([context, operations]) =>
    operations.map((operation) => ({ routeKey: routeOf(operation), handler: httpHandlerOf(context) })),
  );
  return [...ofContexts, ...documents.map((routeKey) => ({ routeKey, handler: httpHandlerOf("docs") }))];
}

/** API Gateway tells nothing of what went wrong in a Lambda. */
const failed = { statusCode: 500, headers: { "content-type": "application/json" }, body: '{"message":"Internal Server Error"}' };
const httpHandlerOf =
  (name: string): HttpHandler =>
  async (event) =>
    (await lambdaOf(name)
      .invoke(event)
      .catch(() => failed)) as APIGatewayProxyStructuredResultV2;
