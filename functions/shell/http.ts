/** The HTTP Lambda of a context: a middy handler on API Gateway payload v2 events. */

import type { Caller } from "../../domain/kernel/caller.ts";
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { successResponse } from "./answer.ts";
import { anonymous, authenticate, authorize } from "./authenticate.ts";
import { executeBatch } from "./batch.ts";
import { deprecationHeaders } from "./deprecation.ts";
import { type Effects, noEffects } from "./effects.ts";
import { execute } from "./execute.ts";
import { alsoSaid, baseUrlOf, httpHandler } from "./http-handler.ts";
import { type Bucket, bucketsOf, charge, chargeOtherItems, giveBack, rateLimitHeaders } from "./rate-limit.ts";
import { apiVersionOf, readCall } from "./request.ts";
import { tell } from "./request-log.ts";
import { routeOf } from "./route.ts";

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
