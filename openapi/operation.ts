/** An operation's entry under `paths`, from its declaration. */
import type { OperationObject, ParameterObject, ReferenceObject, ResponsesObject, SchemaObject } from "openapi3-ts/oas31";
import * as z from "zod";
import type { AnyOperation, SuccessStatus } from "../domain/kernel/operation.ts";
import { problemResponses } from "./problem-responses.ts";
import { isLimited, isWrite, ProblemAnswer, refusalsText, takesIfMatch } from "./problems.ts";
import type { SchemaComponents } from "./schemas.ts";
import { answerHeaders, parameterRef, rateLimitHeaderNames } from "./shared.ts";

export function operationObject(operation: AnyOperation, tag: string, components: SchemaComponents): OperationObject {
  const { permission } = operation;
  return {
    operationId: operation.id,
    tags: [tag],
    ...(operation.deprecated && { deprecated: true }),
    summary: operation.summary,
    description: [deprecationText(operation), operation.description, accessText(operation), retryText(operation), refusalsText(operation)]
      .filter(Boolean)
      .join("\n\n"),
    security: permission === "public" ? [] : [{ bearer: permission === "any" ? [] : [permission] }],
    parameters: parametersOf(operation, components),
    ...(operation.body && { requestBody: requestBodyOf(operation, components) }),
    responses: { ...successResponses(operation, components), ...problemResponses(operation, components.schemaOf(ProblemAnswer, "answer")) },
  };
}

function deprecationText({ deprecated }: AnyOperation): string | undefined {
  if (!deprecated) return undefined;
  const { since, sunset, link } = deprecated;
  return `**Deprecated since ${since}**${sunset ? `, and may be gone from ${sunset} on` : ""}: [what to do](${link}).`;
}

function accessText({ permission, liveOnly }: AnyOperation): string {
  if (permission === "public") return "Needs no credential.";
  const scope = permission === "any" ? "Any valid credential may call it" : `Needs the scope \`${permission}\``;
  return liveOnly ? `${scope}; live credentials only.` : `${scope}.`;
}

function retryText(operation: AnyOperation): string {
  if (!isWrite(operation)) return "Safe to repeat: it only reads.";
  if ("item" in operation)
    return "Safe to repeat with the same `Idempotency-Key` within 7 days: items that were done answer as before, the others are done now.";
  return "Safe to repeat with the same `Idempotency-Key` within 7 days: what was done is answered again, not done again.";
}

const typeName = ({ id }: AnyOperation) => `${id.charAt(0).toUpperCase()}${id.slice(1)}`;

function parametersOf(operation: AnyOperation, components: SchemaComponents): (ParameterObject | ReferenceObject)[] {
  const own = [parameterRef("ApiVersion"), ...parametersIn("path", operation.params, components), ...parametersIn("query", operation.query, components)];
  if (!isWrite(operation)) return hasField(operation.success.output, "version") ? [...own, parameterRef("IfNoneMatch")] : own;
  return [...own, parameterRef("DryRun"), parameterRef("IdempotencyKey"), ...(takesIfMatch(operation) ? [parameterRef("IfMatch")] : [])];
}

function parametersIn(place: "path" | "query", schema: z.ZodObject | undefined, components: SchemaComponents): ParameterObject[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = components.schemaOf(schema, "request");
  return Object.entries(properties as Record<string, SchemaObject>).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    ...(required.includes(name) && { required: true }),
    ...(description && { description }),
    schema: rest,
  }));
}

function requestBodyOf(operation: AnyOperation, components: SchemaComponents) {
  const media = {
    schema: components.schemaOf(operation.body, "request", `${typeName(operation)}Request`),
    ...(operation.example !== undefined && { example: operation.example }),
  };
  return {
    required: !operation.body.safeParse(undefined).success,
    content: { "application/json": media, ...(operation.method === "patch" && { "application/merge-patch+json": media }) },
  };
}

const meanings: Record<SuccessStatus, string> = {
  200: "Done.",
  201: "Created.",
  202: "Accepted; the work goes on in the background.",
  204: "Done; there is nothing to answer.",
  207: "What became of each item, in the order of the request.",
};

function successResponses(operation: AnyOperation, components: SchemaComponents): ResponsesObject {
  const { status, alternatives = [], output, example, maxAgeSeconds } = operation.success as AnyOperation["success"] & { output: z.ZodType };
  const write = isWrite(operation);
  const { deprecated } = operation;
  const hasEtag = hasField(output, "version");
  const limits = isLimited(operation) ? rateLimitHeaderNames : [];
  const headers = answerHeaders(
    hasEtag && "ETag",
    (hasField(output, "nextCursor") || deprecated !== undefined) && "Link",
    deprecated !== undefined && "Deprecation",
    deprecated?.sunset !== undefined && "Sunset",
    maxAgeSeconds !== undefined && "Cache-Control",
    write && "Idempotency-Replayed",
    write && "Dry-Run",
    ...limits,
  );
  const answer = () => ({
    "application/json": { schema: components.schemaOf(output, "answer", `${typeName(operation)}Answer`), ...(example !== undefined && { example }) },
  });
  const responses = [status, ...alternatives].map((code: SuccessStatus) => [
    String(code),
    { description: operation.method === "get" ? "Found." : meanings[code], headers, ...(code !== 204 && { content: answer() }) },
  ]);
  const unchanged = { description: "You have the current version: `If-None-Match` names it.", headers: answerHeaders("ETag", ...limits) };
  return { ...Object.fromEntries(responses), ...(hasEtag && !write && { "304": unchanged }) };
}

/** Whether an answer of this schema has the field at its top. */
function hasField(schema: z.ZodType, name: string): boolean {
  if (schema instanceof z.ZodObject) return name in schema.shape;
  if (schema instanceof z.ZodUnion) return (schema.options as z.ZodType[]).some((option) => hasField(option, name));
  return false;
}
