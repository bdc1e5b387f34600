import { cancelReplay } from "./cancel-replay.ts";
import { createWebhookEndpoint } from "./create-webhook-endpoint.ts";
import { deleteWebhookEndpoint } from "./delete-webhook-endpoint.ts";
import { disableWebhookEndpoint } from "./disable-webhook-endpoint.ts";
import { enableWebhookEndpoint } from "./enable-webhook-endpoint.ts";
import { getDelivery } from "./get-delivery.ts";
import { getReplay } from "./get-replay.ts";
import { getWebhookEndpoint } from "./get-webhook-endpoint.ts";
import { getWebhookKeys } from "./get-webhook-keys.ts";
import { listReplays } from "./list-replays.ts";
import { listWebhookDeliveries } from "./list-webhook-deliveries.ts";
import { listWebhookEndpoints } from "./list-webhook-endpoints.ts";
import { replayEvents } from "./replay-events.ts";
import { retryDelivery } from "./retry-delivery.ts";
import { rotateWebhookSecret } from "./rotate-webhook-secret.ts";
import { sendTestEvent } from "./send-test-event.ts";
import { updateWebhookEndpoint } from "./update-webhook-endpoint.ts";

export const webhookOperations = [
  createWebhookEndpoint,
  listWebhookEndpoints,
  getWebhookEndpoint,
  updateWebhookEndpoint,
  deleteWebhookEndpoint,
  enableWebhookEndpoint,
  disableWebhookEndpoint,
  rotateWebhookSecret,
  sendTestEvent,
  replayEvents,
  listReplays,
  getReplay,
  cancelReplay,
  listWebhookDeliveries,
  getDelivery,
  retryDelivery,
  getWebhookKeys,
];
