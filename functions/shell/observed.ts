/** What surrounds the handlers of Lambdas that take no HTTP requests. */
import type { Context } from "aws-lambda";
import { isInLambda } from "./in-lambda.ts";
import { logInvocation } from "./log.ts";
import { traced } from "./trace.ts";

type Handler<Event, Needed, Result> = (event: Event, context?: Needed) => Promise<Result>;

/** Entries of the log say which invocation they are about, and sampled invocations are traced. `name` is the Lambda's. */
export function observed<Event, Needed extends Partial<Context>, Result>(
  name: string,
  handler: Handler<Event, Needed, Result>,
): Handler<Event, Needed, Result> {
  if (!isInLambda) return handler;
  return (event, context) => {
    logInvocation(context);
    return traced(
      () => handler(event, context),
      () => ({ name, annotations: {} }),
    );
  };
}
