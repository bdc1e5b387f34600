/** From an API Gateway event to the validated input of an operation. */
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { visit } from "jsonc-parser";
import * as z from "zod";
import { apiVersions, newestApiVersion } from "../../domain/api-versions.ts";
import { upgradesOf } from "../../domain/kernel/api-version.ts";
import { BatchEnvelope } from "../../domain/kernel/batch.ts";
import { inputErrors } from "../../domain/kernel/input-errors.ts";
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import { type InputError, shellProblem } from "../../domain/kernel/problem.ts";

export const bodyBytesMax = 256 * 1024;

/** Made once: to build a schema costs more than to check with it. */
const noQuery = z.strictObject({});

/** What every operation takes besides its own parameters. */
export type Call = {
  readonly params: Record<string, unknown>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
  readonly dryRun: boolean;
  readonly idempotencyKey: string | undefined;
  readonly ifMatch: number | undefined;
  readonly ifNoneMatch: string | undefined;
};

/** Refusals in order: body type, body size, JSON, then everything the schemas find, all at once. */
export function readCall(operation: AnyOperation, event: APIGatewayProxyEventV2, apiVersion: string): Call {
  const isWrite = operation.method !== "get";
  const errors: InputError[] = [];
  const body = operation.body && readOwnBody(operation, event, apiVersion, errors);
  const params = operation.params ? parse(operation.params, event.pathParameters ?? {}, "path", errors) : {};
  const { dryRun, ...query } = readQuery(event.rawQueryString, errors);
  const parsedQuery = parse(operation.query ?? noQuery, isWrite || dryRun === undefined ? query : { dryRun, ...query }, "query", errors);
  if (isWrite && dryRun !== undefined && dryRun !== "true" && dryRun !== "false")
    errors.push({ in: "query", pointer: "/dryRun", code: "invalid_value", detail: "true or false." });
  const idempotencyKey = event.headers["idempotency-key"];
  if (isWrite && idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
    errors.push({ in: "header", pointer: "/idempotency-key", code: "invalid_format", detail: "1 to 255 visible ASCII characters." });
  const ifMatch = readIfMatch(event.headers["if-match"], errors);
  if (errors.length > 0) throw shellProblem("invalid_input", { errors });
  return {
    params: params as Record<string, unknown>,
    query: parsedQuery as Record<string, unknown>,
    body,
    dryRun: isWrite && dryRun === "true",
    idempotencyKey: isWrite ? idempotencyKey : undefined,
    ifMatch: isWrite ? ifMatch : undefined,
    ifNoneMatch: isWrite ? undefined : event.headers["if-none-match"],
  };
}

const readOwnBody = (operation: AnyOperation, event: APIGatewayProxyEventV2, apiVersion: string, errors: InputError[]): unknown =>
  "item" in operation ? parse(BatchEnvelope, readBody(event), "body", errors) : parseBody(operation, operation.body, apiVersion, readBody(event), errors);

/** Brought from the caller's version to the newest, and checked. The first version that finds a fault ends it. */
export function parseBody(operation: AnyOperation, schema: z.ZodType, apiVersion: string, body: unknown, errors: InputError[], under = ""): unknown {
  let parsed = body;
  const faultsBefore = errors.length;
  for (const upgrade of apiVersion === newestApiVersion ? [] : upgradesOf(apiVersions, apiVersion, operation.id)) {
    parsed = parse(upgrade, parsed, "body", errors, under);
    if (errors.length > faultsBefore) return undefined;
  }
  return parse(schema, parsed, "body", errors, under);
}

/** The version that the request names, or else the one that its credential is pinned to. */
export function apiVersionOf(header: string | undefined, pinned: string): string {
  if (header === undefined) return pinned;
  const dates = apiVersions.map(({ date }) => date);
  if (dates.includes(header)) return header;
  const error: InputError = { in: "header", pointer: "/api-version", code: "unknown_api_version", detail: `One of ${dates.join(", ")}.` };
  throw shellProblem("invalid_input", { errors: [error] });
}

function readBody(event: APIGatewayProxyEventV2): unknown {
  const text = event.isBase64Encoded ? Buffer.from(event.body ?? "", "base64").toString() : (event.body ?? "");
  if (text === "") return undefined;
  const type = (event.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json" && type !== "application/merge-patch+json")
    throw shellProblem("unsupported_media_type", { detail: "Send `Content-Type: application/json`." });
  if (Buffer.byteLength(text) > bodyBytesMax) throw shellProblem("payload_too_large", { detail: `A body holds up to ${bodyBytesMax} bytes.` });
  try {
    return JSON.parse(text);
  } catch {
    throw shellProblem("malformed_json", { detail: `Not JSON from ${positionOfFault(text)} on.` });
  }
}

/** Line and column, counted from 1. V8's own message names a place only sometimes, and quotes the body. */
function positionOfFault(text: string): string {
  const offsets: number[] = [];
  visit(text, { onError: (_, offset) => offsets.push(offset) }, { disallowComments: true, allowTrailingComma: false });
  const before = text.slice(0, offsets[0] ?? text.length).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function readQuery(rawQueryString: string, errors: InputError[]): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    if (Object.hasOwn(query, name)) errors.push({ in: "query", pointer: `/${name}`, code: "repeated", detail: "Send it once." });
    query[name] = value;
  }
  return query;
}

/** `"3"`; a weak tag or a list never matches a version. */
function readIfMatch(header: string | undefined, errors: InputError[]): number | undefined {
  if (header === undefined || header === "*") return undefined;
  const version = /^"(\d{1,15})"$/.exec(header)?.[1];
  if (version === undefined) errors.push({ in: "header", pointer: "/if-match", code: "invalid_format", detail: 'One strong ETag such as "3".' });
  return Number(version);
}

/** Checks `value`, collecting what is wrong with it; `under` is where it stands in that part of the request. */
export function parse(schema: z.ZodType, value: unknown, place: InputError["in"], errors: InputError[], under = ""): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  errors.push(...inputErrors(result.error, place, under));
  return undefined;
}
