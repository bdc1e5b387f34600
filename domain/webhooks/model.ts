/** Event: an immutable fact in a tenant's log. Lane: one gap-free sequence of it; a tenant has one until it needs more. */
import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { Instant } from "../kernel/time.ts";

export const Event = z
  .object({
    id: idOf("evt"),
    object: z.literal("event"),
    type: z.string().meta({ description: "`noun.past_tense`. New types may come at any time: ignore what you do not know.", example: "customer.created" }),
    tenantId: z.string().meta({ description: "Whose event it is. Signed with the rest: check it where one receiver serves several tenants." }),
    apiVersion: z.string(),
    sequence: z.int().meta({ description: "1, 2, 3, … without a gap in its lane: a jump means that something was missed." }),
    lane: z.int(),
    livemode: z.boolean(),
    createdAt: Instant,
    actor: z.object({ type: z.enum(["api_key", "user", "system"]), id: z.string() }).meta({ description: "Who did it." }),
    request: z.object({ id: z.string(), idempotencyKey: z.string().optional() }).optional().meta({ description: "The request that did it." }),
    data: z.object({
      object: z.looseObject({}).meta({ description: "The object after the fact." }),
      previousAttributes: z.looseObject({}).optional().meta({ description: "The former values of what changed; null for what was absent." }),
      thin: z.literal(true).optional().meta({ description: "The event was larger than 64 KB: `object` has its id only, read the rest from the API." }),
    }),
  })
  .meta({ id: "Event" });
export type Event = z.infer<typeof Event>;

export const eventExample = {
  id: "evt_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "event" as const,
  type: "customer.created",
  tenantId: "tn_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  apiVersion: "2026-11-01",
  sequence: 1,
  lane: 0,
  livemode: true,
  createdAt: "2026-11-21T09:30:00.000Z",
  actor: { type: "api_key" as const, id: "key_01JD3S8K9ZQ4T7N2V5X8B1C6F0" },
  request: { id: "req_01JD3S8K9ZQ4T7N2V5X8B1C6F0" },
  data: { object: { id: "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0", object: "customer", displayName: "Ada Lovelace" } },
};

/** How far back the event operations reach. The log itself is kept longer, for timelines. */
export const readableDays = 30;
export const keptMonths = 48;

export const EventTypeFilter = z
  .string()
  .regex(/^[a-z_]+\.(?:[a-z_]+|\*)$/, "A type such as customer.created, or customer.* for all of a noun.")
  .meta({ description: "A type such as `customer.created`, or `customer.*` for all of a noun.", example: "customer.*" });
export const isOfType = (filter: string | undefined, { type }: { type: string }): boolean =>
  filter === undefined || (filter.endsWith(".*") ? type.startsWith(filter.slice(0, -1)) : type === filter);
