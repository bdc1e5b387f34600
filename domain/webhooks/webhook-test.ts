/** Test: a fact made up on request, so that an endpoint has something to receive. */
import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { Instant } from "../kernel/time.ts";

export const WebhookTest = z
  .object({
    id: idOf("wt"),
    object: z.literal("webhook_test"),
    endpointId: idOf("we"),
    createdAt: Instant,
    livemode: z.boolean().meta({ description: "false: test data." }),
  })
  .meta({ id: "WebhookTest" });
export type WebhookTest = z.infer<typeof WebhookTest>;

export const webhookTestExample = {
  id: "wt_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "webhook_test" as const,
  endpointId: "we_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  createdAt: "2026-11-21T09:30:00.000Z",
  livemode: true,
};
