/** One JSON line per entry: on stderr of a laptop as it is, in a Lambda by Powertools, with function, request and trace. */
import { Logger } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import { isInLambda, service } from "./in-lambda.ts";

type Level = "info" | "warn" | "error";

/** Its level is the Lambda's own (AWS_LAMBDA_LOG_LEVEL), or POWERTOOLS_LOG_LEVEL where it has none. */
const logger = isInLambda ? new Logger({ serviceName: service }) : undefined;

/** Facts are ids and codes; never secrets or customers' values. */
export function log(level: Level, message: string, facts: Record<string, unknown> = {}): void {
  if (logger) logger[level](message, facts);
  else console[level](JSON.stringify({ level, message, at: new Date().toISOString(), ...facts }));
}

/** From now on entries are about this invocation. */
export function logInvocation(context: Partial<Context> | undefined): void {
  if (context) logger?.addContext(context as Context);
}

/** Where an error was thrown, and what it says. */
export const traceOf = (error: unknown): string => String((error as Error | undefined)?.stack ?? error);
