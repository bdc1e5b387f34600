/**
 * What a deployment knows of its requests: one line each, which is the metrics and the access log at once, and a part of
 * the trace when that is sampled. It holds ids and codes; nothing that the client sent but the form of its path.
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import type { Caller } from "../../domain/kernel/caller.ts";
import { otherOperations, type TenantClass } from "../../domain/kernel/metric.ts";
import { platformTenantId } from "../../domain/tenants/model.ts";
import type { Answer } from "./answer.ts";
import { isInLambda } from "./in-lambda.ts";
import { logInvocation } from "./log.ts";
import { measureRequest } from "./metrics.ts";
import { traced, traceId } from "./trace.ts";

type Event = APIGatewayProxyEventV2;
type Response = APIGatewayProxyStructuredResultV2;
type Handler = (event: Event, context: Context) => Promise<Response>;

/** `operation` is its id or one of `otherOperations`; `caller` is whose credential was good; `code` is the problem's. */
type Facts = { readonly operation?: string; readonly caller?: Caller | undefined; readonly code?: string; readonly answer?: Answer };
const told = new WeakMap<Event, Facts>();

/** As soon as they are known: what comes later may be refused. */
export function tell(event: Event, facts: Facts): void {
  if (isInLambda) told.set(event, { ...told.get(event), ...facts });
}

export function tenantClassOf(caller: Caller | undefined): TenantClass {
  if (!caller) return "anonymous";
  if (caller.tenantId === platformTenantId) return "platform";
  if (!caller.livemode) return "test";
  const { count } = caller.settings.listShards;
  return count === 1 ? "small" : count < 8 ? "medium" : "large";
}

let isColdStart = true;

/** Puts the line and the trace around a handler; in a Lambda only. */
export function observedRequests(handler: Handler): Handler {
  if (!isInLambda) return handler;
  return async (event, context) => {
    const startedAt = performance.now();
    const coldStart = isColdStart;
    isColdStart = false;
    logInvocation(context);
    // Until it is known that the request was answered, it was not.
    let status = 500;
    const answering = async () => {
      const response = await handler(event, context);
      status = response.statusCode ?? 200;
      return response;
    };
    try {
      return await traced(answering, () => describe(event, status));
    } finally {
      writeLine(event, status, performance.now() - startedAt, coldStart);
    }
  };
}

const [, unmatched] = otherOperations;
const named = (event: Event) => ({ operation: told.get(event)?.operation ?? unmatched, tenantClass: tenantClassOf(told.get(event)?.caller) });

function describe(event: Event, status: number) {
  const { operation, tenantClass } = named(event);
  const { requestId } = event.requestContext;
  return { name: operation, annotations: { operation, tenantClass, requestId, tenantId: told.get(event)?.caller?.tenantId }, status };
}

function writeLine(event: Event, status: number, milliseconds: number, coldStart: boolean): void {
  const { caller, code, answer } = told.get(event) ?? {};
  const items = itemsOf(answer);
  const itemsFailed = items?.filter((item) => item.status >= 500).length;
  measureRequest(
    { ...named(event), milliseconds: Math.round(milliseconds * 10) / 10, isFault: status >= 500 || (itemsFailed ?? 0) > 0 },
    {
      requestId: event.requestContext.requestId,
      route: event.routeKey,
      status,
      code,
      tenantId: caller?.tenantId,
      keyId: caller?.actor.type === "api_key" ? caller.actor.id : undefined,
      replayed: answer?.replayed || undefined,
      dryRun: answer?.dryRun || undefined,
      items: items?.length,
      itemsFailed: itemsFailed || undefined,
      coldStart: coldStart || undefined,
      traceId: traceId(),
    },
  );
}

/** Of a batch. */
function itemsOf(answer: Answer | undefined): readonly { readonly status: number }[] | undefined {
  const body = (answer?.body ?? {}) as { object?: string; items?: { status: number }[] };
  return body.object === "batch" ? body.items : undefined;
}
