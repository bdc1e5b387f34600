/** One declaration per operation: router, validation, OpenAPI, permissions and the generic tests are derived from it. */
import type * as z from "zod";
import type { Caller } from "./caller.ts";
import type { Message, Outside } from "./outside.ts";
import type { PageOf } from "./page.ts";
import type { Permission } from "./permission.ts";
import type { Problems } from "./problem.ts";
import type { Change, Reader } from "./table.ts";

/**
 * What an operation wants to happen: its answer, and the changes that make it true.
 * The shell commits the changes, the idempotency record and the events in one transaction, or nothing.
 */
export type Plan<Output> = {
  readonly output: Output;
  readonly changes: readonly Change[];
  /** The version, as read, of the object that the plan changes: what `If-Match` is compared with. */
  readonly replaces?: number | undefined;
  /** One of `success.alternatives`, when the plan did not end in `success.status`. */
  readonly status?: SuccessStatus | undefined;
  /** Sent to the queue once the changes are committed. A crash in between loses them: due work must find what they were for. */
  readonly messages?: readonly Message[];
};
export const plan = <Output>(output: Output, changes: readonly Change[] = [], more: Omit<Plan<Output>, "output" | "changes"> = {}): Plan<Output> => ({
  output,
  changes,
  ...more,
});

export type SuccessStatus = 200 | 201 | 202 | 204 | 207;
export type Method = "get" | "post" | "put" | "patch" | "delete";

export type Context<Code extends string = string> = {
  /** The caller's partition, read only: no key can name another tenant's item, and only a plan can write. */
  readonly table: Reader;
  readonly now: Date;
  readonly caller: Caller;
  /** What may be asked of the world besides the table. */
  readonly outside: Outside;
  /** A new time-ordered id, `<prefix>_` and 26 characters. */
  newId(prefix: string): string;
  /** An unguessable string of `characters` letters and digits (5.95 bits each). */
  newSecret(characters: number): string;
  /** Where the list goes on, as an earlier call of `page` gave it; undefined on the first page. */
  readonly cursor: unknown;
  /** A page of a list; `next` is where it goes on, absent on the last page. */
  page<Item>(data: Item[], next: unknown): PageOf<Item>;
  /** Ends the operation with a problem that it declared. */
  fail(code: Code, members?: Record<string, unknown>): never;
};

type PathNames<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | PathNames<Rest> : never;
type ParamsOf<Path> = z.ZodObject<Record<PathNames<Path>, z.ZodType>>;

export type Operation<
  Path extends string,
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Out extends z.ZodType,
  P extends Problems,
> = {
  id: string;
  summary: string;
  /** Units, limits, consistency and retry safety, for people who integrate; Markdown. */
  description?: string;
  method: Method;
  path: Path;
  /** `any`: every valid credential may call it. `public`: nobody needs one. */
  permission: Permission | "any" | "public";
  /** Whose partition `table` is bound to: the caller's (default), or the platform's, where tenants and API keys live. */
  partition?: "tenant" | "platform";
  /** Refused with a test credential. */
  liveOnly?: boolean;
  /** It still works, but its callers should leave it: every answer says so. Dates are YYYY-MM-DD; `link` is the page that says what to do, `sunset` the day from which it may be gone. */
  deprecated?: { readonly since: string; readonly sunset?: string; readonly link: string };
  /** The answer holds a secret that is shown once: what is kept for an idempotent replay is encrypted. */
  secretOutput?: boolean;
  params?: Params;
  query?: Query;
  body?: Body;
  /** `maxAgeSeconds`: how long anybody may keep the answer; without it nobody may. For what is public only. */
  success: { status: SuccessStatus; alternatives?: readonly SuccessStatus[]; output: Out; example?: z.input<Out>; maxAgeSeconds?: number };
  example?: z.input<Body>;
  /** The ids of operations that must have succeeded for the example to, with another example than their own where need be: what they make is not in the request. */
  exampleAfter?: readonly (string | { readonly operation: string; readonly example: object })[];
  problems: P;
  /** Reads and decides; runs again from the start when somebody else wrote first, so it must not have other effects. */
  run(context: Context<keyof P & string>, input: { params: z.output<Params>; query: z.output<Query>; body: z.output<Body> }): Promise<Plan<z.input<Out>>>;
};
// biome-ignore lint/suspicious/noExplicitAny: a list of operations with different inputs has no other type; the shell validates before it calls.
export type SingleOperation = Operation<string, any, any, any, any, any>;

/** A batch: each item is one call of `item`, atomic by itself, and the answer lists them in request order. */
export type BatchOperation = Omit<SingleOperation, "run"> & {
  readonly item: SingleOperation;
  readonly itemSchema: z.ZodType;
  /** The input of `item` for the batch's item; items with the same `lane` run one after the other. */
  itemInput(item: never): { params: unknown; query: unknown; body: unknown; lane: string };
  /** The name of an item's output in the answer, such as `customer`. */
  readonly itemOutput: string;
};
export type AnyOperation = SingleOperation | BatchOperation;

export const operation = <
  const Path extends `/v1/${string}` | `/.well-known/${string}`,
  Out extends z.ZodType,
  const P extends Problems,
  Params extends ParamsOf<Path> = ParamsOf<Path>,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
>(
  declared: Operation<Path, Params, Query, Body, Out, P>,
): Operation<Path, Params, Query, Body, Out, P> => Object.freeze(declared);
