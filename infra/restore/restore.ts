/**
 * `npm run restore -- <stage> --at <instant>`: a new table with what the stage's table held at that second, made ready to
 * take its place. Nothing works on it before the next deployment. Run again, it goes on with the table that it has begun.
 */
import { parseArgs } from "node:util";
import { DescribeContinuousBackupsCommand, DynamoDBClient, RestoreTableToPointInTimeCommand } from "@aws-sdk/client-dynamodb";
import type { StageSettings } from "../settings.ts";
import { newLambdaClient } from "./hand-over.ts";
import { deployed, OperatorFailure, run, stageNamed } from "./operator.ts";
import { describe, prepareTable, untilReady } from "./prepare-table.ts";

const usage = "Use: npm run restore -- <stage> --at 2026-11-22T03:15:00Z";
const secondOf = (instant: Date): string => `${instant.toISOString().slice(0, 19)}Z`;
/** Names the restore, so that a repeat finds it: without the punctuation that a table's name may not have. */
const restoredNameOf = (stage: string, at: Date): string => `clientele-${stage}-at-${secondOf(at).replaceAll(/[-:]/g, "")}`;

/** A date alone or a local time would mean another second than the operator thinks. */
function readInstant(text: string | undefined): Date {
  const isWhole = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text ?? "");
  const instant = new Date(text ?? "");
  if (!isWhole || Number.isNaN(instant.getTime())) throw new OperatorFailure(`--at takes an instant with its offset (RFC 3339), to the second. ${usage}`);
  return new Date(Math.floor(instant.getTime() / 1000) * 1000);
}

async function begin(dynamodb: DynamoDBClient, source: string, target: string, at: Date): Promise<void> {
  const { ContinuousBackupsDescription: backups } = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName: source }));
  const { EarliestRestorableDateTime: earliest, LatestRestorableDateTime: latest } = backups?.PointInTimeRecoveryDescription ?? {};
  if (!earliest || !latest) throw new OperatorFailure(`${source} has no point-in-time recovery.`);
  if (at < earliest || at > latest)
    throw new OperatorFailure(`${source} can be brought back to any second from ${secondOf(earliest)} to ${secondOf(latest)}, not to ${secondOf(at)}.`);
  await dynamodb.send(new RestoreTableToPointInTimeCommand({ SourceTableName: source, TargetTableName: target, RestoreDateTime: at }));
}

const settingsLines = (stage: StageSettings, tableName: string, streamLabel: string): string => `
${tableName} is ready. In infra/settings.ts, the stage ${stage.name} gets

    restoredTable: { tableName: "${tableName}", streamLabel: "${streamLabel}" },

and the next deployment lets all of its Lambdas work on it. Go on with infra/RESTORE.md.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { at: { type: "string" } }, allowPositionals: true });
  const stage = stageNamed(positionals[0], usage);
  const at = readInstant(values.at);
  const { tableName: source } = await deployed(newLambdaClient(), stage);
  const dynamodb = new DynamoDBClient();
  const target = restoredNameOf(stage.name, at);

  const begun = await describe(dynamodb, target);
  if (!begun) await begin(dynamodb, source, target, at);
  else if (begun.RestoreSummary?.RestoreDateTime?.getTime() !== at.getTime())
    throw new OperatorFailure(`There is a table ${target} that is no restore to ${secondOf(at)}. Rename or delete it first.`);
  console.log(
    `${begun ? "Going on with" : "Begun:"} ${target}, what ${source} held at ${secondOf(at)}. This takes from minutes to hours; it may be stopped and run again.`,
  );
  await untilReady(dynamodb, target);
  const streamLabel = await prepareTable(dynamodb, target, stage);
  console.log(settingsLines(stage, target, streamLabel));
}

await run(main);
