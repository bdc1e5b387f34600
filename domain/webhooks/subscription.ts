/** Subscription: which events an endpoint wants, by type and by what they say. */
import * as z from "zod";
import { isOfType } from "./model.ts";

/** Such as `customer.created`, `customer.*`, or `*` for everything. */
const EventTypePattern = z
  .string()
  .regex(/^(?:\*|[a-z_]+\.(?:[a-z_]+|\*))$/, "A type such as customer.created, customer.* for all of a noun, or * for all.")
  .meta({ description: "A type such as `customer.created`, `customer.*` for all of a noun, or `*` for all.", example: "customer.*" });

const FilterTerm = z
  .strictObject({
    pointer: z
      .string()
      .regex(/^(?:\/(?:[^~/]|~[01])*){1,10}$/, "An RFC 6901 pointer such as /data/object/channel.")
      .max(200)
      .meta({ description: "RFC 6901 pointer into the event.", example: "/data/object/channel" }),
    anyOf: z
      .array(z.union([z.string().max(200), z.number(), z.boolean(), z.null()]))
      .min(1)
      .max(20)
      .meta({ description: "The value there must be one of these; of an array, one element. A value that is absent counts as null.", example: ["store"] }),
  })
  .meta({ id: "WebhookFilterTerm" });

export const Subscription = z.object({
  eventTypes: z.array(EventTypePattern).min(1).max(50).default(["*"]).meta({ description: "Which types; all unless you say otherwise." }),
  filter: z.array(FilterTerm).max(10).default([]).meta({ description: "Every term must hold." }),
});
export type Subscription = z.output<typeof Subscription>;

const isOfPattern = (pattern: string, event: { readonly type: string }): boolean => pattern === "*" || isOfType(pattern, event);

/** The patterns that match no type of the catalogue: typing errors. */
export const unknownPatterns = (patterns: readonly string[], types: readonly { readonly type: string }[]): string[] =>
  patterns.filter((pattern) => !types.some((type) => isOfPattern(pattern, type)));

/** Whether an event is wanted. A filter sees the whole event, also where the delivery is thin. */
export function isWanted({ eventTypes, filter }: Subscription, event: { readonly type: string }): boolean {
  return eventTypes.some((pattern) => isOfPattern(pattern, event)) && filter.every(({ pointer, anyOf }) => isOneOf(valueAt(event, pointer), anyOf));
}

function isOneOf(value: unknown, wanted: readonly unknown[]): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value ?? null];
  return values.some((one) => wanted.includes(one));
}

function valueAt(event: object, pointer: string): unknown {
  let value: unknown = event;
  for (const part of pointer.slice(1).split("/")) {
    if (typeof value !== "object" || value === null) return undefined;
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
