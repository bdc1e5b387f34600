import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { type Attempt, type DeliveryRecord, deliveryExample, toDelivery, WebhookDeliveryWithAttempts } from "./delivery.ts";
import { deliveryKey, deliveryPk } from "./keys.ts";

export const deliveryNotFound = { webhook_delivery_not_found: { status: 404, title: "There is no such webhook delivery." } } as const;
export const deliveryParams = z.object({ deliveryId: idOf("wd") });

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
    // From the end: the delivery, which has the last attempt inside, then the former attempts.
    const rows = await table.query<DeliveryRecord | Attempt>({ from: "items", pk: deliveryPk(deliveryId), order: "descending", limit: attemptsShown });
    if (rows[0]?.sk !== deliveryKey(deliveryId).sk) return fail("webhook_delivery_not_found");
    const delivery = rows[0].document as DeliveryRecord;
    const former = rows.slice(1).map(({ document }) => document as Attempt);
    const attempts = [...former.reverse(), ...(delivery.lastAttempt ? [delivery.lastAttempt] : [])];
    return plan({ ...toDelivery(delivery), attempts });
  },
});
