/** Refusals: the form of a problem, which ones an operation may answer and in what order. */
import * as z from "zod";
import type { AnyOperation } from "../domain/kernel/operation.ts";
import { type Problems, type ShellProblemCode, shellProblems } from "../domain/kernel/problem.ts";

const InputFault = z
  .object({
    in: z.enum(["body", "query", "path", "header"]).meta({ description: "The part of the request." }),
    pointer: z.string().meta({ description: "RFC 6901 pointer into that part.", example: "/name" }),
    code: z.string().meta({ description: "Stable." }),
    detail: z.string().meta({ description: "For people; it may change." }),
  })
  .meta({ id: "InputFault", description: "One fault of a request." });

export const ProblemAnswer = z
  .looseObject({
    type: z.url().meta({ description: "Where the code is explained." }),
    title: z.string().meta({ description: "What the code means. For people; it may change." }),
    status: z.int().min(400).max(599).meta({ description: "The HTTP status." }),
    code: z.string().meta({ description: "Stable: decide by this one. Codes may be added." }),
    requestId: z.string().meta({ description: "Names the request when you ask for help." }),
    detail: z.string().optional().meta({ description: "What is special about this case." }),
    errors: z.array(InputFault).optional().meta({ description: "Every fault of the request that was found." }),
  })
  .meta({ id: "Problem", description: "Why a request was refused or failed (RFC 9457). Some codes bring further members." });

export const isWrite = ({ method }: AnyOperation) => method !== "get";
/** A creation has no former version that `If-Match` could mean, and a batch has many. */
export const takesIfMatch = (operation: AnyOperation) =>
  isWrite(operation) && !("item" in operation) && (operation.method !== "post" || operation.path.includes("{"));

/** The platform's own keys and nobody in particular are not limited. */
export const isLimited = ({ permission }: AnyOperation) => permission !== "public" && permission !== "tenants:manage";

/** Every refusal of the operation, in the order in which they are looked for. */
export function refusalsOf(operation: AnyOperation): { before: Problems; own: Problems; after: Problems } {
  const when = (applies: boolean, ...codes: ShellProblemCode[]) => (applies ? codes : []);
  const hasBody = operation.body !== undefined;
  const isPublic = operation.permission === "public";
  return {
    before: pick(
      ...when(!isPublic, "unauthenticated", "address_not_allowed", "tenant_suspended"),
      ...when(!isPublic && operation.permission !== "any", "insufficient_scope"),
      ...when(operation.liveOnly === true, "live_key_required"),
      ...when(isLimited(operation), "rate_limited"),
      ...when(hasBody, "unsupported_media_type", "payload_too_large", "malformed_json"),
      "invalid_input",
      ...when("cursor" in (operation.query?.shape ?? {}), "invalid_cursor"),
      ...when(isWrite(operation), "idempotency_key_reused"),
    ),
    own: operation.problems as Problems,
    after: pick(
      ...when(takesIfMatch(operation), "version_mismatch"),
      ...when(isWrite(operation) && !("item" in operation), "contention"),
      "service_unavailable",
      "internal_error",
    ),
  };
}
const pick = (...codes: ShellProblemCode[]): Problems => Object.fromEntries(codes.map((code) => [code, shellProblems[code]]));

/** For the description: what is checked first, the operation's own refusals as a table, and what may end it. */
export function refusalsText(operation: AnyOperation): string {
  const { before, own, after } = refusalsOf(operation);
  const inLine = (problems: Problems) =>
    Object.entries(problems)
      .map(([code, { status }]) => `\`${code}\` (${status})`)
      .join(", ");
  const first = `Refusals, in this order: ${inLine(before)}; `;
  const last = `${inLine(after)}.`;
  const item =
    "item" in operation
      ? `\n\nAn item is refused by itself, with its \`problem\` in the answer: \`invalid_input\` (400), or\n\n${table(operation.item.problems as Problems)}`
      : "";
  if (Object.keys(own).length === 0) return `${first}then ${last}${item}`;
  return `${first}then\n\n${table(own)}\n\nand at last ${last}${item}`;
}
const table = (problems: Problems) =>
  [
    "| Code | Status | Meaning |",
    "|---|---|---|",
    ...Object.entries(problems).map(([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`),
  ].join("\n");
