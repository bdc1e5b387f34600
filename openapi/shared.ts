/** Parameters and headers that many operations share; the document keeps those that are used. */
import type { HeaderObject, HeadersObject, ParameterObject, ReferenceObject } from "openapi3-ts/oas31";
import { apiVersionDates, newestApiVersion } from "../domain/api-versions.ts";

export const parameters = {
  IdempotencyKey: {
    name: "Idempotency-Key",
    in: "header",
    description: "Your name for this request, such as a UUID. Sent again within 7 days with the same request, it brings the first answer and changes nothing.",
    schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,255}$" },
    example: "6f1c1d5e-4a0b-4d0b-9c39-2b8f6f3f7a10",
  },
  ApiVersion: {
    name: "Api-Version",
    in: "header",
    description: "The version of the API that this request is meant for; without it, the one that the API key is pinned to.",
    schema: { type: "string", enum: [...apiVersionDates] },
    example: newestApiVersion,
  },
  IfMatch: {
    name: "If-Match",
    in: "header",
    description:
      "Change the object only if it still has this version: its `ETag`, in quotes. `*` means any. For what is done to a wallet or an entry it is the wallet's.",
    schema: { type: "string", pattern: '^("\\d{1,15}"|\\*)$' },
    example: '"3"',
  },
  IfNoneMatch: {
    name: "If-None-Match",
    in: "header",
    description: "The `ETag` of what you have: answers 304 without a body while it is current.",
    schema: { type: "string" },
    example: '"3"',
  },
  DryRun: {
    name: "dryRun",
    in: "query",
    description: "`true`: check and decide everything, answer as if it were done, change nothing.",
    schema: { type: "boolean", default: false },
  },
} as const satisfies Record<string, ParameterObject>;
export const parameterRef = (name: keyof typeof parameters): ReferenceObject => ({ $ref: `#/components/parameters/${name}` });

export const headers = {
  "Request-Id": {
    description: "Names this request when you ask for help.",
    required: true,
    schema: { type: "string" },
    example: "req_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  },
  "Api-Version": {
    description: "The version that formed this answer: the one the request named, or else the one your API key is pinned to.",
    required: true,
    schema: { type: "string", format: "date" },
    example: newestApiVersion,
  },
  ETag: { description: "The object's `version`, in quotes; for `If-Match` and `If-None-Match`.", schema: { type: "string" }, example: '"3"' },
  Link: {
    description:
      'Where the next page is, with `rel="next"` (absent on the last page); of a deprecated operation also what to do about it, with `rel="deprecation"`.',
    schema: { type: "string" },
    example: '<https://clientele.example/v1/customers?cursor=abc>; rel="next"',
  },
  Deprecation: {
    description: "Since when the operation is deprecated, as `@` and Unix seconds (RFC 9745).",
    schema: { type: "string" },
    example: "@1793491200",
  },
  Sunset: { description: "When the operation may be gone (RFC 8594).", schema: { type: "string" }, example: "Sat, 01 May 2027 00:00:00 GMT" },
  "Cache-Control": { description: "How long the answer may be kept, by anybody.", schema: { type: "string" }, example: "public, max-age=300" },
  "Idempotency-Replayed": {
    description: "`true`: this is the answer that the Idempotency-Key's first request got.",
    schema: { type: "string", const: "true" },
  },
  "Dry-Run": { description: "`true`: nothing was changed.", schema: { type: "string", const: "true" } },
  "WWW-Authenticate": { description: "How to authenticate, and the scope that is missing.", schema: { type: "string" }, example: 'Bearer realm="clientele"' },
  RateLimit: {
    description:
      "What is left of each budget that the request counted against: `r` requests now, and `t` seconds until the budget is full or, when nothing is left, until the next request. Other processes of the service may have given some of it away since.",
    schema: { type: "string" },
    example: '"writes";r=37;t=2',
  },
  "RateLimit-Policy": {
    description:
      "The budgets that the request counted against: `q` requests in `w` seconds. `reads` and `writes` are the tenant's, `key-reads` and `key-writes` the API key's own.",
    schema: { type: "string" },
    example: '"writes";q=100;w=2',
  },
  "Retry-After": { description: "Seconds to wait before the next try.", schema: { type: "integer" }, example: 1 },
} as const satisfies Record<string, HeaderObject>;
export type HeaderName = keyof typeof headers;

export const rateLimitHeaderNames = ["RateLimit", "RateLimit-Policy"] as const satisfies readonly HeaderName[];

/** What every answer has, and `more`. */
export const answerHeaders = (...more: (HeaderName | false)[]): HeadersObject =>
  Object.fromEntries(
    (["Request-Id", "Api-Version", ...more] as const).filter((name) => name !== false).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
