/** Events: immutable facts that a change tells once it is committed. */
import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";

export type EventTypeName = `${string}.${string}`;

/**
 * A kind of event. `render` makes `data.object` from the written document (`after`) and the one before it;
 * `subject` is what the change named when one document tells of a part of itself.
 */
export type EventType<Document extends object = never, Subject extends object = never> = {
  readonly type: EventTypeName;
  readonly description: string;
  readonly object: z.ZodType;
  readonly example: object;
  /** True when `data.previousAttributes` tells the former values of what changed. */
  readonly tellsPrevious?: boolean;
  render(images: { after: Document; before: Document | undefined; subject: Subject }): object;
  /** The customer in whose timeline the event stands. */
  customerId?(object: never): string;
  /** Its place in the timeline, when that is not the time of the write. */
  happenedAt?(object: never): string;
};
export type AnyEventType = EventType<never, never>;

/**
 * Declares an event type that is told by a `Document`; the compiler checks what is rendered against `object`.
 * Called twice because the document's type is stated and the schema's is inferred: `eventType<Doc>()({ ... })`.
 */
export const eventType =
  <Document extends object, Subject extends object = never>() =>
  <Schema extends z.ZodType>(
    declared: Omit<EventType<Document, Subject>, "object" | "render" | "customerId" | "happenedAt" | "example"> & {
      object: Schema;
      example: z.input<Schema> & object;
      render(images: { after: Document; before: Document | undefined; subject: Subject }): z.input<Schema> & object;
      customerId?(object: z.output<Schema>): string;
      happenedAt?(object: z.output<Schema>): string;
    },
  ): EventType<Document, Subject> =>
    Object.freeze(declared) as unknown as EventType<Document, Subject>;

/** An event that a change carries; it gets its id when the plan is committed. */
export type EventDraft = { readonly type: EventTypeName; readonly subject?: object };
export const tell = <Document extends object, Subject extends object>(type: EventType<Document, Subject>, subject?: NoInfer<Subject>): EventDraft => ({
  type: type.type,
  ...(subject && { subject }),
});

export type Actor = { readonly type: "api_key" | "user" | "system"; readonly id: string };

/** What an item's outbox holds for each event until the log has it. */
export type OutboxEntry = {
  readonly id: string;
  readonly type: EventTypeName;
  readonly at: string;
  readonly actor: Actor;
  readonly request?: { readonly id: string; readonly idempotencyKey?: string };
  readonly subject?: object;
};

const bookkeeping = new Set(["version", "updatedAt"]);
/** What an event tells as `previousAttributes`: the former value of every attribute that differs, whole; null where it was absent. */
export function changedAttributes(before: Record<string, unknown>, after: Record<string, unknown>): Record<string, unknown> {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter((name) => !bookkeeping.has(name) && !isDeepStrictEqual(before[name], after[name]));
  return Object.fromEntries(changed.map((name) => [name, before[name] ?? null]));
}
