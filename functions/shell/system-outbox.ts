/** The outbox of changes that nobody asked for: the product itself made them. */
import type { OutboxEntry } from "../../domain/kernel/event.ts";
import type { Change } from "../../domain/kernel/table.ts";
import { newId } from "./random.ts";

/** `actor` names the part of the product, such as a kind of due work. */
export const systemOutbox =
  (actor: string, now: Date) =>
  (change: Change): OutboxEntry[] =>
    change.kind === "put"
      ? change.events.map((event) => ({ ...event, id: newId("evt", now), at: now.toISOString(), actor: { type: "system", id: actor } }))
      : [];
