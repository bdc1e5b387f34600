/** What the programs of an operator share: the stage that is meant, where it works, and failures in one line. */
import { GetFunctionConfigurationCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { functionNameOf, type StageSettings, stages } from "../settings.ts";

/** In one line for the operator, who can mend it. */
export class OperatorFailure extends Error {}

export function stageNamed(name: string | undefined, usage: string): StageSettings {
  const stage = stages.find((one) => one.name === name);
  if (!stage)
    throw new OperatorFailure(`${name === undefined ? "Name a stage" : `There is no stage ${name}`}: ${stages.map((one) => one.name).join(" or ")}. ${usage}`);
  return stage;
}

/** Where a stage works now, by what its Lambdas are told. */
export type Deployed = { readonly tableName: string; readonly queueUrl: string };

export async function deployed(lambda: LambdaClient, stage: StageSettings): Promise<Deployed> {
  const FunctionName = functionNameOf(stage.name, "append-events");
  const region = await lambda.config.region();
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName })).catch((error: Error) => {
    throw error.name === "ResourceNotFoundException"
      ? new OperatorFailure(`There is no function ${FunctionName} in ${region}. Is ${stage.name} deployed there, with these credentials?`)
      : error;
  });
  const { TABLE_NAME: tableName, QUEUE_URL: queueUrl } = Environment?.Variables ?? {};
  if (!tableName || !queueUrl) throw new OperatorFailure(`${FunctionName} is told no TABLE_NAME or no QUEUE_URL: it is not what this version deploys.`);
  return { tableName, queueUrl };
}

/** Shows what the operator can mend in one line and anything else whole; exit code 1. */
export async function run(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const { name, message, $metadata: answered } = error as Error & { $metadata?: object };
    const isOfAws = answered !== undefined || name === "CredentialsProviderError" || name === "TokenProviderError" || /Region is missing/.test(message);
    if (error instanceof OperatorFailure) console.error(message);
    else if (isOfAws) console.error(`AWS refuses or cannot be reached: ${name}: ${message}`);
    else console.error(error);
    process.exitCode = 1;
  }
}
