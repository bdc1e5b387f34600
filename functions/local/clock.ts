/** The schedule that runs due work: every second here, every minute on AWS. */
import { randomUUID } from "node:crypto";
import type { Context, ScheduledEvent } from "aws-lambda";
import { startLoop } from "./loop.ts";

const everyMilliseconds = 1_000;

type RunDueWork = (event: ScheduledEvent, context: Pick<Context, "getRemainingTimeInMillis">) => Promise<unknown>;

/** A slow run delays the next one instead of overlapping it. The answer stops the clock once the run in hand is done. */
export function startClock(runDueWork: RunDueWork): () => Promise<void> {
  return startLoop("due work", async () => {
    const end = performance.now() + everyMilliseconds;
    const getRemainingTimeInMillis = () => end - performance.now();
    await runDueWork(scheduledEvent(new Date()), { getRemainingTimeInMillis });
    return Math.max(0, getRemainingTimeInMillis());
  });
}

/** As EventBridge sends it; its time has whole seconds. */
const scheduledEvent = (now: Date): ScheduledEvent => ({
  version: "0",
  id: randomUUID(),
  "detail-type": "Scheduled Event",
  source: "aws.events",
  account: "000000000000",
  time: `${now.toISOString().slice(0, 19)}Z`,
  region: "local",
  resources: ["arn:aws:events:local:000000000000:rule/run-due-work"],
  detail: {},
});
