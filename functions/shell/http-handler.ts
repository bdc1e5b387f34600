/** The middy chain of every HTTP Lambda. */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { newestApiVersion } from "../../domain/api-versions.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { asProblem, problemResponse } from "./answer.ts";
import { log, traceOf } from "./log.ts";
import { observedRequests, tell } from "./request-log.ts";

type Event = APIGatewayProxyEventV2;
type Response = APIGatewayProxyStructuredResultV2;

/** The service's address as the client wrote it: links in answers start with it. */
export const baseUrlOf = (event: Event) => `${event.headers["x-forwarded-proto"] ?? "https"}://${event.headers["host"] ?? event.requestContext.domainName}`;

/** Headers for whatever the answer to an event will be, a refusal too. */
export const alsoSaid = new WeakMap<Event, () => Record<string, string>>();

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
