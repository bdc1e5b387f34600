/**
 * Traces: of a sampled invocation X-Ray sees the parts. The tracer is large: the first such invocation of a process loads it,
 * unless it is the process's first of all. Lambda samples the first request of each second, and where there are few requests
 * that is the one that already waits for a cold start.
 */
import { isInLambda } from "./in-lambda.ts";
import { log, traceOf } from "./log.ts";

/** How a part of a trace is found again: annotations are ids and codes, `status` is an answer's. */
export type Described = { readonly name: string; readonly annotations: Readonly<Record<string, string | undefined>>; readonly status?: number };

/** Lambda says in the environment what it is called for: `Root=1-…;Parent=…;Sampled=1`. */
const header = (): string => process.env["_X_AMZN_TRACE_ID"] ?? "";
export const traceId = (): string | undefined => /Root=([^;]+)/.exec(header())?.[1];

let tracer: typeof import("./tracer.ts") | undefined;
let isColdStart = true;

/** Does the work as a part of the invocation's trace, when that is sampled; `describe` is asked when the work is done. */
export async function traced<Result>(work: () => Promise<Result>, describe: () => Described): Promise<Result> {
  const isFirst = isColdStart;
  isColdStart = false;
  if (!isInLambda || isFirst || !header().includes("Sampled=1")) return work();
  tracer ??= await load();
  return tracer ? tracer.asSubsegment(work, describe) : work();
}

async function load(): Promise<typeof tracer> {
  // A process that has the tracer also serves what is not sampled; by Lambda's own setting each of its calls would be an error in the log.
  process.env["AWS_XRAY_CONTEXT_MISSING"] = "IGNORE_ERROR";
  try {
    return await import("./tracer.ts");
  } catch (error) {
    log("error", "the tracer was not loaded", { error: traceOf(error) });
    return undefined;
  }
}

/** The same client of an AWS service, whose calls are parts of the trace from the first sampled invocation on. */
export function inTrace<Client extends object>(client: Client): Client {
  tracer?.capture(client);
  return client;
}
