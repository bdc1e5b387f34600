/** What goes back to the client: a result or a problem, as an API Gateway response. */
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { inApiVersion } from "../../domain/api-versions.ts";
import { Problem, shellProblem } from "../../domain/kernel/problem.ts";

export type Answer = {
  readonly status: number;
  readonly body: unknown;
  /** The version that a kept answer was made in; what is made now is made in the newest. */
  readonly apiVersion?: string;
  readonly replayed?: boolean;
  readonly dryRun?: boolean;
};

type Headers = Record<string, string>;
const etagOf = (body: unknown): string | undefined => {
  const { version } = (body ?? {}) as { version?: unknown };
  return typeof version === "number" ? `"${version}"` : undefined;
};

/** `selfUrl` makes the request's address, which the next page's link repeats with the cursor. */
export function successResponse(answer: Answer, apiVersion: string, ifNoneMatch: string | undefined, selfUrl: () => string): APIGatewayProxyStructuredResultV2 {
  const headers: Headers = {};
  const etag = etagOf(answer.body);
  if (etag) headers["etag"] = etag;
  if (answer.replayed) headers["idempotency-replayed"] = "true";
  if (answer.dryRun) headers["dry-run"] = "true";
  if (etag && ifNoneMatch?.split(",").some((tag) => tag.trim() === etag || tag.trim() === "*")) return { statusCode: 304, headers };
  const { nextCursor } = (answer.body ?? {}) as { nextCursor?: unknown };
  if (typeof nextCursor === "string") {
    const next = new URL(selfUrl());
    next.searchParams.set("cursor", nextCursor);
    headers["link"] = `<${next}>; rel="next"`;
  }
  if (answer.status === 204) return { statusCode: 204, headers };
  headers["content-type"] = "application/json";
  return { statusCode: answer.status, headers, body: JSON.stringify(inApiVersion(apiVersion, answer.body, answer.apiVersion)) };
}

/** The members of a problem, as they stand in an answer or in a batch's item. */
export function problemBody(problem: Problem, baseUrl: string, requestId: string) {
  return { type: `${baseUrl}/problems/${problem.code}`, title: problem.message, status: problem.status, code: problem.code, requestId, ...problem.members };
}

export function problemResponse(problem: Problem, baseUrl: string, requestId: string): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: problem.status,
    headers: { ...problem.headers, "content-type": "application/problem+json" },
    body: JSON.stringify(problemBody(problem, baseUrl, requestId)),
  };
}

const overloaded = new Set([
  "ThrottlingException",
  // As STS names them.
  "Throttling",
  "InternalFailure",
  "TooManyRequestsException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "InternalServerError",
  "ServiceUnavailable",
  "TimeoutError",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);
/** Every error is a problem: what is not a refusal is our fault or the database's. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { name, code } = error as { name?: string; code?: string };
  if (overloaded.has(name ?? "") || overloaded.has(code ?? "")) return shellProblem("service_unavailable", {}, { "retry-after": "1" });
  return shellProblem("internal_error");
}
