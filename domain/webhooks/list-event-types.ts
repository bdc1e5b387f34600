import * as z from "zod";
import { eventTypes } from "../events.ts";
import { operation, plan } from "../kernel/operation.ts";
import { eventExample } from "./model.ts";

const EventTypeDescription = z
  .object({
    object: z.literal("event_type"),
    type: z.string(),
    description: z.string(),
    schema: z.looseObject({}).meta({ description: "JSON Schema (2020-12) of `data.object`." }),
    example: z.looseObject({}).meta({ description: "A whole event." }),
  })
  .meta({ id: "EventType" });

let described: z.infer<typeof EventTypeDescription>[] | undefined;
const describe = (): z.infer<typeof EventTypeDescription>[] =>
  (described ??= eventTypes.map(({ type, description, object, example }) => ({
    object: "event_type" as const,
    type,
    description,
    schema: z.toJSONSchema(object) as Record<string, unknown>,
    example: { ...eventExample, type, data: { object: example } },
  })));

export const listEventTypes = operation({
  id: "listEventTypes",
  summary: "List event types",
  description:
    "Every type of event that the log and webhooks may carry, with the JSON Schema of its object and an example. New types may be added at any time.",
  method: "get",
  path: "/v1/event-types",
  permission: "events:read",
  success: {
    status: 200,
    output: z.object({ object: z.literal("list"), data: z.array(EventTypeDescription), hasMore: z.literal(false) }).meta({ id: "EventTypeList" }),
    example: {
      object: "list",
      data: [{ object: "event_type", type: "customer.created", description: "A customer was created.", schema: { type: "object" }, example: eventExample }],
      hasMore: false,
    },
  },
  problems: {},
  async run() {
    return plan({ object: "list" as const, data: describe(), hasMore: false as const });
  },
});
