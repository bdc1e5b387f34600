/** X-Ray by Powertools. For trace.ts, which loads it only when it is needed. */
import { Tracer } from "@aws-lambda-powertools/tracer";
import { service } from "./in-lambda.ts";
import { log, traceOf } from "./log.ts";
import type { Described } from "./trace.ts";

// Addresses of webhook receivers hold secrets: HTTP requests of our own are not traced.
const tracer = new Tracer({ serviceName: service, captureHTTPsRequests: false });
const { provider } = tracer;
/** Stands for the invocation, whose own segment Lambda sends. It is found only where the X-Ray SDK was started: here and now. */
const invocation = provider.getSegment();
type Subsegment = NonNullable<Parameters<Parameters<typeof provider.captureAsyncFunc>[1]>[0]>;
const captured = new WeakSet<object>();

export function capture(client: object): void {
  if (captured.has(client)) return;
  captured.add(client);
  tracer.captureAWSv3Client(client as Parameters<typeof tracer.captureAWSv3Client>[0]);
}

export function asSubsegment<Result>(work: () => Promise<Result>, describe: () => Described): Promise<Result> {
  return provider.getNamespace().runAndReturn(() => {
    if (invocation) provider.setSegment(invocation);
    return provider.captureAsyncFunc("invocation", async (subsegment) => {
      try {
        return await work();
      } finally {
        if (subsegment) end(subsegment, describe());
      }
    }) as Promise<Result>;
  });
}

/** A trace that cannot be told is not the request's failure. */
function end(subsegment: Subsegment, { name, annotations, status = 200 }: Described): void {
  try {
    subsegment.name = name;
    for (const [key, value] of Object.entries(annotations)) if (value !== undefined) subsegment.addAnnotation(key, value);
    if (status === 429) subsegment.addThrottleFlag();
    if (status >= 500) subsegment.addFaultFlag();
    else if (status >= 400) subsegment.addErrorFlag();
    subsegment.close();
  } catch (error) {
    log("warn", "a part of the trace was not sent", { error: traceOf(error) });
  }
}
