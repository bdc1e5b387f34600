/** All of Clientele in this process: engine, table, demo tenant, HTTP server, stream consumer and clock. */
import { join } from "node:path";
import { contexts } from "../../domain/operations.ts";
import { documentRoutes } from "../../openapi/document-routes.ts";
import { connectQueue } from "../shell/queue.ts";
import { routeOf } from "../shell/route.ts";
import { startClock } from "./clock.ts";
import { openDataFolder } from "./data-folder.ts";
import { type Demo, prepareDemo } from "./demo.ts";
import { startEngine } from "./engine.ts";
import { startPurge } from "./purge.ts";
import { startQueue } from "./queue.ts";
import { type HttpHandler, type Route, startServer } from "./server.ts";
import { type StreamHandler, startStreamConsumer } from "./stream.ts";
import { handledByAll, streamConsumers } from "./stream-consumers.ts";
import { ensureTable } from "./table.ts";

export type Clientele = {
  readonly baseUrl: string;
  readonly demo: Demo;
  /** Finishes what is in flight, then ends everything. The data folder can be started again. */
  stop(): Promise<void>;
};
export type Options = {
  /** 0 takes a free port. */
  readonly port: number;
  readonly dataDir: string;
  /** Called when the engine ends by itself: nothing works any more. Throws by default. */
  readonly onEngineLost?: (error: Error) => void;
  /** Goes around each Lambda, by its name in `functions/`: what measures them sees all that happens. */
  readonly around?: Around;
};
export type Around = <Handler>(name: string, handler: Handler) => Handler;

const throwIt = (error: Error): never => {
  throw error;
};

/**
 * With DYNAMODB_ENDPOINT in the environment that endpoint is used instead of an own engine, and TABLE_NAME names the table
 * (`clientele` by default); it stays there afterwards. Once per process, since the shell reads its configuration once.
 * Throws StartFailure for what the person who starts it can mend.
 */
export async function startClientele({ port, dataDir, onEngineLost = throwIt, around = (_, handler) => handler }: Options): Promise<Clientele> {
  const lambda: Lambdas = async <Handler>(name: string) => around(name, await handlerOf<Handler>(name));
  const server = await startServer(port);
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    await server.stop();
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const folder = openDataFolder(dataDir);
    stops.push(async () => folder.close());
    const tableName = (process.env["TABLE_NAME"] ??= "clientele");
    process.env["ALLOW_LOOPBACK_TARGETS"] ??= "true";
    const file = join(dataDir, "clientele.sqlite");
    const engine = process.env["DYNAMODB_ENDPOINT"] ? undefined : await startEngine(file, onEngineLost);
    if (engine) stops.push(engine.stop);
    const endpoint = (process.env["DYNAMODB_ENDPOINT"] ||= engine?.endpoint as string);
    const streamArn = await ensureTable(endpoint, tableName);
    const demo = await prepareDemo(server.baseUrl, join(dataDir, "demo.json"));
    server.serve(await allRoutes(lambda), await lambda("unmatched"));

    const queue = startQueue(join(dataDir, "queue.sqlite"), await lambda("deliver-webhook"));
    stops.push(queue.stop);
    connectQueue(queue);
    const positionFileOf = ({ positionFile }: { positionFile: string }) => join(dataDir, positionFile);
    const passed = handledByAll(streamConsumers.map(positionFileOf), streamArn);
    for (const consumer of streamConsumers) {
      const handler = await lambda<StreamHandler>(consumer.name);
      stops.push(startStreamConsumer({ endpoint, streamArn, positionFile: positionFileOf(consumer) }, { ...consumer, handler }));
    }
    stops.push(startClock(await lambda("run-due-work")));
    if (engine) stops.push(startPurge({ endpoint, tableName, file, passed }));
    return { baseUrl: server.baseUrl, demo, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function allRoutes(lambda: Lambdas): Promise<Route[]> {
  const ofContexts = Object.entries(contexts).map(async ([context, operations]) => {
    const handler = await lambda<HttpHandler>(context);
    return operations.map((operation) => ({ routeKey: routeOf(operation), handler }));
  });
  const docs = await handlerOf<HttpHandler>("docs");
  return [...(await Promise.all(ofContexts)).flat(), ...documentRoutes.map((routeKey) => ({ routeKey, handler: docs }))];
}

type Lambdas = <Handler>(name: string) => Promise<Handler>;

/** The Lambda of that name. Imported late, so that it finds the endpoint in the environment. */
async function handlerOf<Handler>(name: string): Promise<Handler> {
  return ((await import(`../${name}.ts`)) as { handler: Handler }).handler;
}
