/** JSON merge patch (RFC 7396): null takes a member away, objects are merged, everything else is replaced whole. */
import * as z from "zod";
import { inputErrors } from "./input-errors.ts";
import { shellProblem } from "./problem.ts";

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else if (value !== undefined) merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

/** The shape of a patch for `shape`: everything optional; what may be absent may be null. */
export function patchShape<Shape extends Record<string, z.ZodType>>(shape: Shape) {
  const entries = Object.entries(shape).map(([name, schema]) => [
    name,
    (schema.safeParse(undefined).success ? withoutDefault(schema).nullable() : schema).optional(),
  ]);
  return Object.fromEntries(entries) as { [Name in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Name]>> };
}
/** A default would put back what a patch did not mention. */
const withoutDefault = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? withoutDefault(schema.unwrap() as z.ZodType) : schema;

/** What a patch makes of the fields of `current` that `schema` names; limits hold for the result, not only for the patch. */
export function patched<Schema extends z.ZodObject>(schema: Schema, current: object, patch: object): z.output<Schema> {
  const known = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, (current as Record<string, unknown>)[name]]));
  const result = schema.safeParse(mergePatch(known, patch));
  // Every field is named, so that one the patch took away is taken away, not merely left unmentioned.
  if (result.success) return { ...Object.fromEntries(Object.keys(schema.shape).map((name) => [name, undefined])), ...result.data };
  throw shellProblem("invalid_input", { detail: "The object would break a rule after this change.", errors: inputErrors(result.error, "body") });
}
