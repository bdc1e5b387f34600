/** One attempt: the event, signed, on its way to the endpoint, and what came back. */
import { inApiVersion } from "../../domain/api-versions.ts";
import { dayMilliseconds, instantAfter, secondMilliseconds } from "../../domain/kernel/time.ts";
import type { Attempt } from "../../domain/webhooks/delivery.ts";
import { type EndpointRecord, liveSecrets } from "../../domain/webhooks/endpoint.ts";
import type { Event } from "../../domain/webhooks/model.ts";
import { signatureHeaders } from "../../domain/webhooks/signature.ts";
import { deployment } from "../shell/config.ts";
import { post } from "../shell/outbound/post.ts";
import { signingKeys } from "./signing.ts";

export type Attempted = { readonly attempt: Omit<Attempt, "number"> /** From `Retry-After`. */; readonly notBefore: string | undefined };

/** Never throws for what the receiver does; throws when there is nothing to sign with, so that nothing goes out unsigned. */
export async function attempt(endpoint: EndpointRecord, event: Event): Promise<Attempted> {
  const at = new Date();
  const body = bodyOf(endpoint, event);
  const secrets = liveSecrets(endpoint, at).map(({ secret }) => secret);
  const signature = signatureHeaders({ id: event.id, timestampSeconds: Math.floor(at.getTime() / 1000), body }, secrets, await signingKeys());
  const headers = { ...endpoint.headers, "content-type": "application/json", "user-agent": "Clientele-Webhooks/1", ...signature };
  const answer = await post(endpoint.url, headers, body, {
    allowLoopback: deployment().allowLoopbackTargets,
    timeoutMilliseconds: deployment().webhookTimeoutSeconds * secondMilliseconds,
  });
  return { attempt: { at: at.toISOString(), ...answer }, notBefore: retryAfterOf(answer.headers?.["retry-after"], new Date()) };
}

/** The same bytes as `GET /v1/events/{eventId}` in the endpoint's version, or with the object's id only. */
function bodyOf({ payload, apiVersion }: EndpointRecord, logged: Event): string {
  const event = inApiVersion(apiVersion, logged, logged.apiVersion);
  if (payload === "full") return JSON.stringify(event);
  const { id, object } = event.data.object;
  return JSON.stringify({ ...event, data: { object: { id, object }, thin: true } });
}

const retryAfterDaysMax = 1;
/** Seconds, or a date; a day at most. Undefined when it is absent or neither. */
function retryAfterOf(header: string | undefined, now: Date): string | undefined {
  if (header === undefined) return undefined;
  const milliseconds = /^\d{1,9}$/.test(header.trim()) ? Number(header) * secondMilliseconds : Date.parse(header) - now.getTime();
  return milliseconds > 0 ? instantAfter(now, Math.min(milliseconds, retryAfterDaysMax * dayMilliseconds)) : undefined;
}
