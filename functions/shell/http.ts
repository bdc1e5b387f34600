/** The HTTP Lambda of a context: a middy handler on API Gateway payload v2 events. */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { newestApiVersion } from "../../domain/api-versions.ts";
import type { Caller } from "../../domain/kernel/caller.ts";
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { asProblem, problemResponse, successResponse } from "./answer.ts";
import { anonymous, authenticate, authorize } from "./authenticate.ts";
import { executeBatch } from "./batch.ts";
import { deprecationHeaders } from "./deprecation.ts";
import { type Effects, noEffects } from "./effects.ts";
import { execute } from "./execute.ts";
import { log, traceOf } from "./log.ts";
import { type Bucket, bucketsOf, charge, chargeOtherItems, giveBack, rateLimitHeaders } from "./rate-limit.ts";
import { apiVersionOf, readCall } from "./request.ts";
import { observedRequests, tell } from "./request-log.ts";

type Event = APIGatewayProxyEventV2;
type Response = APIGatewayProxyStructuredResultV2;

export const routeOf = ({ method, path }: AnyOperation) => `${method.toUpperCase()} ${path}`;
/** The service's address as the client wrote it: links in answers start with it. */
export const baseUrlOf = (event: Event) => `${event.headers["x-forwarded-proto"] ?? "https"}://${event.headers["host"] ?? event.requestContext.domainName}`;

/** `effects` are what the operations of this context may do besides the table. */
export function httpLambda(operations: readonly AnyOperation[], effects: Effects = noEffects) {
  const routes = new Map(operations.map((operation) => [routeOf(operation), operation]));
  return httpHandler(async (event) => {
    const operation = routes.get(event.routeKey);
    if (!operation) throw shellProblem("route_not_found");
    tell(event, { operation: operation.id });
    const { requestId, http } = event.requestContext;
    let caller: Caller = operation.permission === "public" ? anonymous : await authenticate(event.headers["authorization"], http.sourceIp, new Date());
    if (caller !== anonymous) tell(event, { caller });
    let budgets: readonly Bucket[] = [];
    alsoSaid.set(event, () => ({ "api-version": caller.apiVersion, ...rateLimitHeaders(budgets), ...deprecationHeaders(operation) }));
    authorize(operation, caller);
    budgets = bucketsOf(operation, caller);
    await charge(budgets, 1);
    const apiVersion = apiVersionOf(event.headers["api-version"], caller.apiVersion);
    if (apiVersion !== caller.apiVersion) caller = { ...caller, apiVersion };
    const call = readCall(operation, event, apiVersion);
    const cost = "item" in operation ? (call.body as { items: unknown[] }).items.length : 1;
    await chargeOtherItems(budgets, cost);
    const baseUrl = baseUrlOf(event);
    const answer =
      "item" in operation ? await executeBatch(operation, caller, call, { requestId, baseUrl }) : await execute(operation, caller, call, requestId, effects);
    tell(event, { answer });
    const response = successResponse(answer, apiVersion, call.ifNoneMatch, () => `${baseUrl}${event.rawPath}?${event.rawQueryString}`);
    if (response.statusCode === 304 || answer.dryRun || answer.replayed) giveBack(budgets, cost);
    const { maxAgeSeconds } = operation.success;
    const cacheControl = maxAgeSeconds === undefined ? "no-store" : `public, max-age=${maxAgeSeconds}`;
    return { ...response, headers: { ...response.headers, "cache-control": cacheControl } };
  });
}

/** Headers for whatever the answer to an event will be, a refusal too. */
const alsoSaid = new WeakMap<Event, () => Record<string, string>>();

/**
 * What every HTTP Lambda does around its own work: a request id on each answer, problems instead of errors, and a line for each.
 * Middy runs the last one first: the problem has to be made before it can be stamped.
 */
export const httpHandler = (answer: (event: Event) => Promise<Response>) =>
  observedRequests(middy<Event, Response>(deadline).use(requestId()).use(problemAnswers()).handler(answer));

/**
 * A Lambda that is cut off answers nothing, and its request is in no line. What is still under way may yet be committed:
 * the repeat with the same Idempotency-Key finds out.
 */
const deadline = {
  timeoutEarlyInMillis: 1_000,
  timeoutEarlyResponse: () => {
    throw shellProblem("service_unavailable", { detail: "The request took too long." }, { "retry-after": "1" });
  },
};

const requestId = (): middy.MiddlewareObj<Event, Response> => {
  const stamp = ({ event, response }: { event: Event; response: Response | null | undefined }) => {
    if (!response) return;
    const said = alsoSaid.get(event)?.();
    const links: Record<string, string> = said?.["link"] && response.headers?.["link"] ? { link: `${response.headers["link"]}, ${said["link"]}` } : {};
    response.headers = {
      "api-version": newestApiVersion,
      "cache-control": "no-store",
      ...said,
      ...response.headers,
      ...links,
      "request-id": event.requestContext.requestId,
    };
  };
  return { after: stamp, onError: stamp };
};

const problemAnswers = (): middy.MiddlewareObj<Event, Response> => ({
  onError(request) {
    const problem = asProblem(request.error);
    const { requestId, http } = request.event.requestContext;
    tell(request.event, { code: problem.code });
    if (problem.status >= 500) log("error", "request failed", { requestId, route: request.event.routeKey, method: http.method, error: traceOf(request.error) });
    request.response = problemResponse(problem, baseUrlOf(request.event), requestId);
  },
});
