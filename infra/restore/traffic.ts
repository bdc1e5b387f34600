/**
 * `npm run pause -- <stage>` and `npm run resume -- <stage>`: whether anything but the operator writes to the stage's table.
 * Paused, its API and its sweeper may not run, and no stream and no queue is read; what waits there, waits.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  DeleteFunctionConcurrencyCommand,
  type EventSourceMappingConfiguration,
  type LambdaClient,
  ListEventSourceMappingsCommand,
  PutFunctionConcurrencyCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { accountPoints, appendEvents, deliverWebhook, operationLambdas, runDueWork } from "../lambdas.ts";
import { functionNameOf, type StageSettings } from "../settings.ts";
import { newLambdaClient } from "./hand-over.ts";
import { deployed, OperatorFailure, run, stageNamed } from "./operator.ts";

const usage = "Use: npm run pause -- <stage>, or npm run resume -- <stage>";
const called = [...operationLambdas, runDueWork];
const reading = [appendEvents, accountPoints, deliverWebhook];
const pollMilliseconds = 1_000;
const attemptsMax = 300;

async function mappingsOf(lambda: LambdaClient, stage: StageSettings): Promise<EventSourceMappingConfiguration[]> {
  const names = reading.map(({ name }) => functionNameOf(stage.name, name));
  const lists = await Promise.all(names.map((FunctionName) => lambda.send(new ListEventSourceMappingsCommand({ FunctionName }))));
  return lists.flatMap(({ EventSourceMappings: mappings = [] }) => mappings);
}

async function switchTo(lambda: LambdaClient, stage: StageSettings, isOn: boolean): Promise<void> {
  for (const { name } of called) {
    const FunctionName = functionNameOf(stage.name, name);
    if (isOn) await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    else await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
  }
  const wanted = isOn ? "Enabled" : "Disabled";
  for (const { UUID, State: state } of await mappingsOf(lambda, stage))
    if (state !== wanted) await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: isOn }));
  for (let attempt = 1; (await mappingsOf(lambda, stage)).some(({ State: state }) => state !== wanted); attempt++) {
    if (attempt === attemptsMax) throw new OperatorFailure(`Not every event source mapping is ${wanted} after ${attemptsMax} seconds. Run this again.`);
    await delay(pollMilliseconds);
  }
}

async function main(): Promise<void> {
  const [wanted, name, ...more] = parseArgs({ allowPositionals: true }).positionals;
  if ((wanted !== "pause" && wanted !== "resume") || more.length > 0) throw new OperatorFailure(usage);
  const stage = stageNamed(name, usage);
  const lambda = newLambdaClient();
  await deployed(lambda, stage);
  await switchTo(lambda, stage, wanted === "resume");
  console.log(
    wanted === "pause"
      ? `${stage.name} is paused: requests are refused, nothing is due, no event and no delivery goes out. What is under way ends within a minute.`
      : `${stage.name} is at work again.`,
  );
}

await run(main);
