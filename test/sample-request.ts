/**
 * A request that succeeds, for any operation, made from its declaration alone: the declared example, with every id in it
 * and in the path replaced by the id of something real that the operation which makes such things has just made.
 */
import * as z from "zod";
import type { AnyOperation } from "../domain/kernel/operation.ts";
import { operations } from "../domain/operations.ts";
import { type Answer, call, connected, eventually, type Json, newTenant, type TenantKeys } from "./http-client.ts";

export type Sample = { operation: AnyOperation; tenant: TenantKeys; key: string | undefined; path: string; body: unknown };

export const isWrite = ({ method }: AnyOperation) => method !== "get";
export const isPlatform = ({ permission }: AnyOperation) => permission === "tenants:manage";
export const paramsOf = ({ params }: AnyOperation): Record<string, z.ZodType> => (params as z.ZodObject | undefined)?.shape ?? {};
const queryOf = ({ query }: AnyOperation): z.ZodType[] =>
  Object.values((query as z.ZodObject | undefined)?.shape ?? {}).map((schema) => (schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema));
const exampleOf = (schema: z.ZodType) => (schema.meta()?.["example"] ?? "") as string;

const idPattern = /^([a-z]+)_(?:[0-9A-HJKMNP-TV-Z]{26}){1,2}(?:\d{10})?$/;
export const isIdParam = (schema: z.ZodType) => idPattern.test(exampleOf(schema));

export function keyFor(operation: AnyOperation, tenant: TenantKeys): string {
  return isPlatform(operation) ? connected().demo.platformKey : tenant.live;
}

/** A tenant of its own, so that examples never meet what an earlier one made. */
export async function sampleRequest(operation: AnyOperation): Promise<Sample> {
  const tenant = await newTenant();
  const made = new Map<string, string>();
  // What the answer shows is made first, unless making it is what the operation does.
  const shown = String((operation.success.example as Json)?.id);
  if (operation.path.includes("{") && isMade(shown)) await realId(shown, tenant, made);
  await prepare(operation, tenant, made);
  const path = await fill(operation, tenant, made);
  const body = operation.example === undefined ? undefined : await withRealIds(operation.example, tenant, made);
  return { operation, tenant, key: keyFor(operation, tenant), path, body };
}

export const send = ({ key, operation, path, body }: Sample, headers: Record<string, string> = {}, query = ""): Promise<Answer> =>
  call(key, operation.method, path + (path.includes("?") ? query.replace("?", "&") : query), { body, headers });

/** Does what the operation says must be done before its example works. */
async function prepare({ exampleAfter = [] }: AnyOperation, tenant: TenantKeys, made: Map<string, string>): Promise<void> {
  for (const step of exampleAfter) {
    const id = typeof step === "string" ? step : step.operation;
    const before = operations.find((operation) => operation.id === id);
    if (!before) throw new Error(`exampleAfter names ${id}, which is no operation.`);
    await prepare(before, tenant, made);
    const body = await withRealIds(typeof step === "string" ? before.example : step.example, tenant, made);
    const answer = await call(keyFor(before, tenant), before.method, await fill(before, tenant, made), { body });
    if (answer.status >= 300) throw new Error(`${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}

/** The path, with what its query must have. */
async function fill(operation: AnyOperation, tenant: TenantKeys, made: Map<string, string>): Promise<string> {
  let { path } = operation;
  for (const [name, schema] of Object.entries(paramsOf(operation))) {
    const example = exampleOf(schema);
    path = path.replace(`{${name}}`, encodeURIComponent((await realId(example, tenant, made)) ?? example));
  }
  const query = new URLSearchParams();
  for (const [name, schema] of Object.entries((operation.query as z.ZodObject | undefined)?.shape ?? {}) as [string, z.ZodType][])
    if (!schema.safeParse(undefined).success) query.set(name, (await realId(exampleOf(schema), tenant, made)) ?? exampleOf(schema));
  return query.size > 0 ? `${path}?${query}` : path;
}

async function withRealIds(value: unknown, tenant: TenantKeys, made: Map<string, string>): Promise<unknown> {
  if (typeof value === "string") return (await realId(value, tenant, made)) ?? value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => withRealIds(item, tenant, made)));
  if (typeof value !== "object" || value === null) return value;
  const members: Record<string, unknown> = {};
  // One after the other, so that what two of them are made of is made once.
  for (const [name, member] of Object.entries(value)) members[name] = await withRealIds(member, tenant, made);
  return members;
}

/**
 * The id of a thing of the kind that `example` is an id of; undefined when it is no id. Each is made once per request, and
 * another one for another example: `…F1` is somebody else than `…F0`.
 */
async function realId(example: string, tenant: TenantKeys, made: Map<string, string>): Promise<string | undefined> {
  const prefix = idPattern.exec(example)?.[1];
  if (!prefix) return undefined;
  if (prefix === "tn") return tenant.tenantId;
  const known = made.get(example);
  if (known) return known;
  const sources = operations.filter((operation) => makes(operation, prefix));
  // What an operation is about rather than what it makes besides.
  const source = sources.find(({ success }) => isIdOf((success.example as Json)?.id, prefix)) ?? sources[0];
  if (!source) throw new Error(`No operation makes or lists what ${prefix}_… names: give one an example whose id begins so.`);
  if (source.method === "get") {
    // What a list can be narrowed to is there before that which it lists.
    for (const schema of queryOf(source)) await realId(exampleOf(schema), tenant, made);
    await makeAnEvent(tenant);
  }
  await prepare(source, tenant, made);
  const path = await fill(source, tenant, made);
  // A second one of a kind says as little as it may, since what the first one says may be taken.
  const isAnother = [...made.keys()].some((one) => one.startsWith(`${prefix}_`)) && source.body?.safeParse({}).success;
  const body = isAnother ? {} : await withRealIds(madeOf(source.example, example), tenant, made);
  let last: Answer | undefined;
  const id = await eventually(async () => {
    last = await call(keyFor(source, tenant), source.method, path, { body });
    return idIn(last.body, prefix);
  }).catch(() => {
    throw new Error(`${source.id} makes no ${prefix}_…: ${JSON.stringify(last?.body)}`);
  });
  const shown = ofPlace(id, example);
  made.set(example, shown);
  return shown;
}

/** An id that ends with a place in a list, such as that of a wallet's second entry, names what stands at the example's place. */
const ofPlace = (id: string, example: string): string => (/_.{52}\d{10}$/.test(example) ? id.slice(0, -10) + example.slice(-10) : id);

/** The example of what makes a thing, with the ids that its own id is made of, part by part. */
function madeOf(example: unknown, id: string): unknown {
  const parts = id.slice(id.indexOf("_") + 1).match(/.{26}/g) ?? [];
  const text = JSON.stringify(example) ?? "null";
  const ids = /(?<="[a-z]+_)[0-9A-HJKMNP-TV-Z]{26}(?=")/g;
  return (text.match(ids) ?? []).length === parts.length ? JSON.parse(text.replaceAll(ids, () => parts.shift() as string)) : example;
}

/** By its example: a POST whose answer is such a thing, or a list of such things; for neither must there be one before. */
function makes(operation: AnyOperation, prefix: string): boolean {
  const { method, success } = operation;
  const example = success.example as Json;
  const shown = method === "post" ? idIn(example, prefix) : method === "get" ? example?.data?.[0]?.id : undefined;
  const needs = Object.values(paramsOf(operation)).map(exampleOf);
  return isIdOf(shown, prefix) && !needs.some((id) => isIdOf(id, prefix));
}
const isMade = (id: string): boolean => operations.some((operation) => makes(operation, idPattern.exec(id)?.[1] ?? "-"));

const isIdOf = (id: unknown, prefix: string): id is string => typeof id === "string" && id.startsWith(`${prefix}_`);
/** Of the answer itself, of the first in its list, or of what it names beside others. */
const idIn = (body: Json, prefix: string): string | undefined =>
  [body, body?.data?.[0], ...Object.values(body ?? {})].map((part) => part?.id).find((id) => isIdOf(id, prefix));

/** Events are made by the product itself, when anything happens. */
const makeAnEvent = (tenant: TenantKeys) => call(tenant.live, "post", "/v1/customers", { body: {} });
