/**
 * Clientele as it is deployed, on this machine: each Lambda is the bundle that the CDK deploys, in processes of its own,
 * with the environment, the time and the rights that its template gives it. Only what stands around them is of this
 * machine: HTTP server, stream, queue, clock, an account with IAM and STS, and the engine behind it.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { APIGatewayProxyStructuredResultV2, SQSBatchResponse } from "aws-lambda";
import { contexts } from "../../domain/operations.ts";
import type { PlatformKeyAnswer } from "../../domain/tenants/platform-key.ts";
import { formatSecret, secretTraceOf } from "../../domain/tenants/secret-format.ts";
import { startClock } from "../../functions/local/clock.ts";
import { prepareDemo } from "../../functions/local/demo.ts";
import { startEngine } from "../../functions/local/engine.ts";
import { startQueue } from "../../functions/local/queue.ts";
import type { Clientele, Options } from "../../functions/local/runtime.ts";
import { type HttpHandler, type Route, startServer } from "../../functions/local/server.ts";
import { type StreamHandler, startStreamConsumer } from "../../functions/local/stream.ts";
import { streamConsumers } from "../../functions/local/stream-consumers.ts";
import { ensureTable } from "../../functions/local/table.ts";
import { newSecret } from "../../functions/shell/random.ts";
import { routeOf } from "../../functions/shell/route.ts";
import { bundleLambdas, folderOf } from "../../infra/lambda-bundles.ts";
import { documentRoutes } from "../../openapi/document-routes.ts";
import { startAccount } from "../aws/account.ts";
import { type Lambda, startLambda } from "./lambda.ts";
import { startSqs } from "./sqs.ts";
import { authority, deployedFunctions, environmentOf, maySend, tableName } from "./stage.ts";

export const lambdas = new Map<string, Lambda>();
const lambdaOf = (name: string) => lambdas.get(name) as Lambda;
const stopLambdas = () => {
  for (const lambda of lambdas.values()) lambda.stop();
};
// One that is frozen does not see that this process is gone.
process.once("exit", stopLambdas);

const throwIt = (error: Error): never => {
  throw error;
};

/** As the one of `functions/local/runtime.ts`. */
export async function startClientele({ port, dataDir }: Options): Promise<Clientele> {
  const server = await startServer(port);
  const bundles = join(dataDir, "bundles");
  const bundling = bundleLambdas(
    deployedFunctions.map(({ name }) => name),
    bundles,
  );
  const [engine] = await Promise.all([startEngine(join(dataDir, "clientele.sqlite"), throwIt), bundling]);
  const { endpoint } = engine;
  const streamArn = await ensureTable(endpoint, tableName);
  const account = await startAccount(authority, endpoint);
  const queue = startQueue(join(dataDir, "queue.sqlite"), async (event) => (await lambdaOf("deliver-webhook").invoke(event)) as SQSBatchResponse);
  const sqs = await startSqs(maySend, queue.put);
  for (const { name, timeoutMilliseconds, ...deployed } of deployedFunctions) {
    const environment = environmentOf(deployed, { accountEndpoint: account.endpoint, queueEndpoint: sqs.endpoint, queueUrl: sqs.queueUrl });
    lambdas.set(name, startLambda({ name, file: join(folderOf(name, bundles), "index.mjs"), environment, timeoutMilliseconds }));
  }
  const demoFile = join(dataDir, "demo.json");
  writeFileSync(demoFile, JSON.stringify({ platformKey: await firstPlatformKey() }));
  // For this process, which makes the demo tenant.
  Object.assign(process.env, { DYNAMODB_ENDPOINT: endpoint, TABLE_NAME: tableName });
  const demo = await prepareDemo(server.baseUrl, demoFile);
  server.serve(allRoutes(), httpHandlerOf("unmatched"));

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
      stopLambdas();
      sqs.stop();
      account.stop();
      await engine.stop();
    },
  };
}

/** As an operator has it made: the secret stays here. */
async function firstPlatformKey(): Promise<string> {
  const secret = formatSecret(true, newSecret(26));
  const answer = await lambdaOf("bootstrap-platform").invoke({ ...secretTraceOf(secret), name: "Deployed shape" });
  if ((answer as PlatformKeyAnswer).outcome !== "created") throw new Error(`No platform key: ${JSON.stringify(answer)}`);
  return secret;
}

function allRoutes(): Route[] {
  const ofContexts = Object.entries(contexts).flatMap(([context, operations]) =>
    operations.map((operation) => ({ routeKey: routeOf(operation), handler: httpHandlerOf(context) })),
  );
  return [...ofContexts, ...documentRoutes.map((routeKey) => ({ routeKey, handler: httpHandlerOf("docs") }))];
}

/** API Gateway tells nothing of what went wrong in a Lambda. */
const failed = { statusCode: 500, headers: { "content-type": "application/json" }, body: '{"message":"Internal Server Error"}' };
const httpHandlerOf =
  (name: string): HttpHandler =>
  async (event) =>
    (await lambdaOf(name)
      .invoke(event)
      .catch(() => ({ ...failed, headers: { ...failed.headers } }))) as APIGatewayProxyStructuredResultV2;
