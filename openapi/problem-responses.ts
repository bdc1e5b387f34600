/** The responses of refusals: by status, with one example for each code. */
import type { ResponseObject, ResponsesObject, SchemaObject } from "openapi3-ts/oas31";
import type { AnyOperation } from "../domain/kernel/operation.ts";
import { type ProblemDefinition, type Problems, type ShellProblemCode, shellProblems } from "../domain/kernel/problem.ts";
import { refusalsOf } from "./problems.ts";
import { answerHeaders, rateLimitHeaderNames } from "./shared.ts";

/** What each code means, of all operations. A code that meant two things could not have a page of its own. */
export function problemCatalogue(operations: readonly AnyOperation[]): Problems {
  const catalogue: Record<string, ProblemDefinition> = {};
  for (const { id, problems } of operations.flatMap((operation) => ("item" in operation ? [operation, operation.item] : [operation])))
    for (const [code, definition] of Object.entries(problems as Problems)) {
      const known = (shellProblems as Problems)[code] ?? catalogue[code] ?? definition;
      if (known.status !== definition.status || known.title !== definition.title)
        throw new Error(`${id} declares "${code}" with another status or title than it has elsewhere: declare it once and share it.`);
      catalogue[code] = definition;
    }
  return { ...shellProblems, ...catalogue };
}

/** One example for each code, and one response for each: what a status with a single code refers to. */
export const problemComponents = (catalogue: Problems, schema: SchemaObject) => ({
  examples: Object.fromEntries(Object.entries(catalogue).map(([code, problem]) => [code, { summary: problem.title, value: problemExample(code, problem) }])),
  responses: Object.fromEntries(Object.entries(catalogue).map((entry) => [entry[0], response([entry], schema)])),
});

/** The responses of an operation's refusals by status, with one example for each code. */
export function problemResponses(operation: AnyOperation, schema: SchemaObject): ResponsesObject {
  const { before, own, after } = refusalsOf(operation);
  const all = Object.entries({ ...before, ...after, ...own });
  const statuses = [...new Set(all.map(([, { status }]) => status))].sort((a, b) => a - b);
  const withStatus = (status: number) => all.filter(([, problem]) => problem.status === status);
  return Object.fromEntries(statuses.map((status) => [String(status), responseOrReference(withStatus(status), schema)]));
}
const responseOrReference = (problems: [string, ProblemDefinition][], schema: SchemaObject) =>
  problems.length === 1 ? { $ref: `#/components/responses/${problems[0]?.[0]}` } : response(problems, schema);

const comesLater = new Set<string>(["contention", "rate_limited", "service_unavailable"] satisfies ShellProblemCode[]);
/** What is refused before a request counts. */
const beforeLimits = new Set<string>([
  "unauthenticated",
  "address_not_allowed",
  "tenant_suspended",
  "insufficient_scope",
  "live_key_required",
  "route_not_found",
  "method_not_allowed",
] satisfies ShellProblemCode[]);

function response(problems: [string, ProblemDefinition][], schema: SchemaObject): ResponseObject {
  const codes = problems.map(([code]) => code);
  return {
    description: problems.map(([code, { title }]) => `\`${code}\`: ${title}`).join("\n\n"),
    headers: answerHeaders(
      codes.some((code) => code === "unauthenticated" || code === "insufficient_scope") && "WWW-Authenticate",
      codes.some((code) => comesLater.has(code)) && "Retry-After",
      ...(codes.some((code) => !beforeLimits.has(code)) ? rateLimitHeaderNames : []),
    ),
    content: { "application/problem+json": { schema, examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])) } },
  };
}

const exampleMembers: Partial<Record<string, object>> = {
  invalid_input: { errors: [{ in: "body", pointer: "/name", code: "too_big", detail: "Too big: expected string to have <=200 characters" }] },
  malformed_json: { detail: "Not JSON from line 1, column 18 on." },
  invalid_cursor: { errors: [{ in: "query", pointer: "/cursor", code: "invalid_cursor", detail: "Start again without a cursor." }] },
  insufficient_scope: { requiredScopes: ["customers:write"] },
  version_mismatch: { currentVersion: 4 },
  rate_limited: { budget: "writes", limitPerSecond: 50 },
} satisfies Partial<Record<ShellProblemCode, object>>;
const problemExample = (code: string, { title, status }: ProblemDefinition) => ({
  type: `https://clientele.example/problems/${code}`,
  title,
  status,
  code,
  requestId: "req_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  ...exampleMembers[code],
});
