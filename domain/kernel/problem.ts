/** Refusals as RFC 9457 problems. A code is stable for ever; the title explains it to a developer. */
export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422 | 429 | 500 | 503;
export type ProblemDefinition = { readonly status: ProblemStatus; readonly title: string };
export type Problems = Readonly<Record<string, ProblemDefinition>>;

/** One fault of the input. `pointer` is an RFC 6901 pointer into the part of the request that `in` names. */
export type InputError = { in: "body" | "query" | "path" | "header"; pointer: string; code: string; detail: string };

export class Problem extends Error {
  readonly code: string;
  readonly status: ProblemStatus;
  /** Members of the answer besides the standard ones; `detail` and `errors` among them. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  constructor(code: string, definition: ProblemDefinition, members: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
    super(definition.title);
    this.name = "Problem";
    this.code = code;
    this.status = definition.status;
    this.members = members;
    this.headers = headers;
  }
}

/** What the shell itself may answer, whatever the operation. */
export const shellProblems = {
  malformed_json: { status: 400, title: "The body is not JSON." },
  invalid_input: { status: 400, title: "The request does not fit the operation's schema." },
  invalid_cursor: { status: 400, title: "The cursor was not made by this list with these filters." },
  unauthenticated: { status: 401, title: "No valid credential was sent." },
  insufficient_scope: { status: 403, title: "The credential lacks a scope that this operation needs." },
  address_not_allowed: { status: 403, title: "The API key may not be used from this address." },
  live_key_required: { status: 403, title: "This operation needs a live credential." },
  tenant_suspended: { status: 403, title: "The tenant is suspended." },
  route_not_found: { status: 404, title: "There is no such path." },
  method_not_allowed: { status: 405, title: "The path exists, but not with this method." },
  contention: { status: 409, title: "Others kept writing the same object; nothing was changed. Try again." },
  version_mismatch: { status: 412, title: "The object has another version than If-Match asks for." },
  payload_too_large: { status: 413, title: "The request is larger than the limit." },
  unsupported_media_type: { status: 415, title: "The body must be application/json." },
  idempotency_key_reused: { status: 422, title: "The Idempotency-Key was used before with another request." },
  rate_limited: { status: 429, title: "The caller sends more requests than its rate limit allows; nothing was done. Try again later." },
  internal_error: { status: 500, title: "The service failed; the request may be repeated with the same Idempotency-Key." },
  service_unavailable: { status: 503, title: "A part of the service is overloaded or down. Try again later." },
} as const satisfies Problems;
export type ShellProblemCode = keyof typeof shellProblems;

export const shellProblem = (code: ShellProblemCode, members?: Record<string, unknown>, headers?: Record<string, string>) =>
  new Problem(code, shellProblems[code], members, headers);
