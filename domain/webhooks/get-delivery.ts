import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { type Attempt, DeliveryId, deliveryExample, toDelivery, WebhookDeliveryWithAttempts } from "./delivery.ts";
import { attemptsPk, deliveryKey } from "./keys.ts";

export const deliveryNotFound = { webhook_delivery_not_found: { status: 404, title: "There is no such webhook delivery." } } as const;
export const deliveryParams = z.object({ deliveryId: DeliveryId });

const attemptsShown = 100;

export const getDelivery = operation({
  id: "getDelivery",
  summary: "Get a webhook delivery",
  description:
    "With its latest 100 attempts: what was answered, when, and how fast. Strongly consistent. A delivery is kept for 30 days after its last change.",
  method: "get",
  path: "/v1/webhook-deliveries/{deliveryId}",
  permission: "webhooks:read",
  params: deliveryParams,
  success: {
    status: 200,
    output: WebhookDeliveryWithAttempts,
    example: { ...deliveryExample, attempts: [{ ...deliveryExample.lastAttempt, headers: { "content-type": "text/plain" }, body: "ok" }] },
  },
  problems: deliveryNotFound,
  async run({ table, fail }, { params: { deliveryId } }) {
    const delivery = (await table.get(deliveryKey(deliveryId))) ?? fail("webhook_delivery_not_found");
    // The delivery has the last attempt inside; the others are read only when there are some.
    const limit = Math.min(delivery.attemptCount, attemptsShown) - 1;
    const former = limit > 0 ? await table.query<Attempt>({ from: "items", pk: attemptsPk(deliveryId), order: "descending", limit }) : [];
    const attempts = [...former.map(({ document }) => document).reverse(), ...(delivery.lastAttempt ? [delivery.lastAttempt] : [])];
    return plan({ ...toDelivery(delivery), attempts });
  },
});
