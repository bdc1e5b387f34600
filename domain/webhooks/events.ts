/** What is told of endpoints. Never a secret, nor the value of a header of their own: other endpoints may receive it. */
import { eventType } from "../kernel/event.ts";
import { type EndpointRecord, endpointExample, toEndpoint, WebhookEndpoint } from "./endpoint.ts";
import { WebhookTest, webhookTestExample } from "./webhook-test.ts";

const ofEndpoint = (type: `webhook_endpoint.${string}`, description: string, tellsPrevious = false) =>
  eventType<EndpointRecord>()({
    type,
    description,
    object: WebhookEndpoint,
    example: endpointExample,
    tellsPrevious,
    // As of its last change and not of now, so that the event is the same whenever it is rendered.
    render: ({ after }) => toEndpoint(after, new Date(after.updatedAt)),
  });

export const endpointCreated = ofEndpoint("webhook_endpoint.created", "A webhook endpoint was created.");
export const endpointUpdated = ofEndpoint("webhook_endpoint.updated", "A webhook endpoint's settings changed.", true);
export const endpointDeleted = ofEndpoint("webhook_endpoint.deleted", "A webhook endpoint was deleted; the object is as it was last.");
export const endpointEnabled = ofEndpoint("webhook_endpoint.enabled", "A disabled webhook endpoint was enabled again.", true);
export const endpointDisabled = ofEndpoint(
  "webhook_endpoint.disabled",
  "A webhook endpoint was disabled; disabledReason tells whether on request, because it answered 410, or after 5 days of failures only.",
  true,
);
export const endpointSecretRotated = ofEndpoint("webhook_endpoint.secret_rotated", "A webhook endpoint was given a new secret.", true);

/** Delivered to the endpoint under test whatever it subscribes to. */
export const endpointTested = eventType<WebhookTest>()({
  type: "webhook_endpoint.tested",
  description: "A test event was asked for.",
  object: WebhookTest,
  example: webhookTestExample,
  render: ({ after }) => after,
});

export const webhookEventTypes = [endpointCreated, endpointUpdated, endpointDeleted, endpointEnabled, endpointDisabled, endpointSecretRotated, endpointTested];
