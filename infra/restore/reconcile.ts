/**
 * `npm run reconcile -- <stage>`: tells what a restored table brings back untold. Its stream is empty, so events that were
 * committed and not yet in the log, entries that were not yet counted, and deliveries that only the queue knew would stay
 * as they are. It reads with the operator's own credentials; whatever is written is written by the stage's Lambdas, which
 * know what they have done before: it may be run twice, and goes on where it was killed.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { SQSClient } from "@aws-sdk/client-sqs";
import { splitPartition } from "../../domain/kernel/partition.ts";
import { walletKey } from "../../domain/loyalty/wallets/wallet-keys.ts";
import { functionNameOf, type StageSettings } from "../settings.ts";
import { handOver, type Image, newLambdaClient, recordOf } from "./hand-over.ts";
import { type Journal, openJournal, type Page } from "./journal.ts";
import { type Deployed, deployed, OperatorFailure, run, stageNamed } from "./operator.ts";
import { type Progress, startProgress } from "./progress.ts";
import { readTable } from "./read-table.ts";
import { attribute, imagesOf, untoldOf } from "./untold.ts";
import { sendAll, waitingIn } from "./waiting-deliveries.ts";

const usage = "Use: npm run reconcile -- <stage> [--state .restore]";
const toldAtOnce = 100;

type Work = Deployed & { readonly stage: StageSettings; readonly dynamodb: DynamoDBClient; readonly lambda: LambdaClient; readonly sqs: SQSClient };

const head = walletKey("");
const isWalletHead = (image: Image): boolean => attribute(image, "sk") === head.sk && splitPartition(attribute(image, "pk")).pk.startsWith(head.pk);

async function settle({ stage, dynamodb, lambda, sqs, tableName, queueUrl }: Work, images: readonly Image[]): Promise<Page> {
  const now = new Date();
  const heads = images.filter(isWalletHead);
  const waiting = images.flatMap((image) => waitingIn(image, now));
  const [untold, failed] = await Promise.all([
    untoldOf(dynamodb, tableName, images, now),
    handOver(lambda, functionNameOf(stage.name, "account-points"), heads.map(recordOf)),
    sendAll(sqs, queueUrl, waiting),
  ]);
  return { untold, counts: { items: images.length, wallets: heads.length, deliveries: waiting.length, failed: failed.length } };
}

/** In the order in which they happened: only the log's order tells a customer's story. Answers how many could not be told. */
async function tellAll({ stage, dynamodb, lambda, tableName }: Work, { untold }: Journal, progress: Progress): Promise<number> {
  let failed = 0;
  const inOrder = untold.toSorted((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)));
  for (let from = 0; from < inOrder.length; from += toldAtOnce) {
    const images = await imagesOf(dynamodb, tableName, inOrder.slice(from, from + toldAtOnce));
    failed += (await handOver(lambda, functionNameOf(stage.name, "append-events"), images.map(recordOf))).length;
    progress.show(from + images.length, { told: from + images.length, failed });
  }
  return failed;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { state: { type: "string", default: ".restore" } }, allowPositionals: true });
  const stage = stageNamed(positionals[0], usage);
  const lambda = newLambdaClient();
  const work: Work = { stage, lambda, dynamodb: new DynamoDBClient(), sqs: new SQSClient(), ...(await deployed(lambda, stage)) };
  const { Table: table } = await work.dynamodb.send(new DescribeTableCommand({ TableName: work.tableName }));
  // A table that was deleted and restored anew has the name, but not the id of the one before.
  const file = join(values.state, `${work.tableName}-${table?.TableId}.journal`);
  const journal = openJournal(file);
  console.log(`${stage.name} works on the table ${work.tableName}. How far this is stands in ${file}.`);

  const reading = startProgress("Reading", table?.ItemCount ?? 0);
  await readTable(work.dynamodb, work.tableName, journal, async (images) => {
    const page = await settle(work, images);
    reading.show(journal.counts.items, { ...journal.counts, untold: journal.untold.length });
    return page;
  }).finally(reading.stop);
  const telling = startProgress("Telling", journal.untold.length);
  const notTold = await tellAll(work, journal, telling).finally(telling.stop);
  journal.remove();

  const { items, wallets, deliveries } = journal.counts;
  const failed = journal.counts.failed + notTold;
  console.log(
    `${items} items read, ${journal.untold.length} of them with untold events; ${wallets} wallets checked; ${deliveries} waiting deliveries sent to the queue.`,
  );
  if (failed > 0) throw new OperatorFailure(`${failed} records failed; the logs of append-events and account-points say why. Mend it and run this again.`);
}

await run(main);
