/** What runs a bundle inside a Lambda: takes events one at a time and answers what its handler answers, all as JSON. */
import { pathToFileURL } from "node:url";
import type { Context } from "aws-lambda";

export type Invocation = { readonly requestId: string; readonly event: unknown; readonly deadline: number };
export type Outcome = { readonly answer: unknown } | { readonly failure: string };

const { AWS_LAMBDA_FUNCTION_NAME: functionName = "", AWS_REGION: region = "" } = process.env;
/** The service's limit for an answer. */
const answerBytesMax = 6 * 1024 * 1024;
const send = (outcome: Outcome) => process.send?.(outcome);
const { handler } = await import(pathToFileURL(process.argv[2] as string).href);

process.once("disconnect", () => process.exit());
process.on("message", async ({ requestId, event, deadline }: Invocation) => {
  const context: Partial<Context> = {
    awsRequestId: requestId,
    functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:${region}:000000000000:function:${functionName}`,
    memoryLimitInMB: "1024",
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: "local",
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const answer = (await handler(event, context)) ?? null;
    const bytes = Buffer.byteLength(JSON.stringify(answer));
    send(bytes > answerBytesMax ? { failure: `The answer has ${bytes} bytes.` } : { answer });
  } catch (error) {
    send({ failure: String((error as Error)?.stack ?? error) });
  }
});
