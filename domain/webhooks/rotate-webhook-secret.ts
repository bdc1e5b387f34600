import * as z from "zod";
import { tell } from "../kernel/event.ts";
import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { replace } from "../kernel/table.ts";
import { instantAfter, secondMilliseconds } from "../kernel/time.ts";
import { type EndpointSecret, endpointExample, endpointSecretExample, liveSecrets, secretsMax, toEndpoint, WebhookEndpointWithSecret } from "./endpoint.ts";
import { endpointSecretRotated } from "./events.ts";
import { endpointNotFound, endpointParams } from "./get-webhook-endpoint.ts";
import { endpointKey } from "./keys.ts";
import { endpointSecretFrom } from "./signature.ts";
import { loadEndpoint } from "./store.ts";

export const rotateWebhookSecret = operation({
  id: "rotateWebhookSecret",
  summary: "Give a webhook endpoint a new secret",
  description: `Former secrets go on signing beside the new one for \`overlapSeconds\`, or until their own end if that is earlier; 0 ends them at once. Meanwhile each delivery carries a signature of every live secret, so a receiver may hold any of them. At most ${secretsMax} are live. The new secret is shown in this answer only; a replay with the same Idempotency-Key shows it again for 7 days.`,
  method: "post",
  path: "/v1/webhook-endpoints/{endpointId}/rotate-secret",
  permission: "webhooks:write",
  secretOutput: true,
  params: endpointParams,
  body: z.strictObject({ overlapSeconds: z.int().min(0).max(604_800).default(86_400).meta({ description: "0 to 604,800 (7 days)." }) }),
  example: { overlapSeconds: 3_600 },
  success: {
    status: 200,
    output: WebhookEndpointWithSecret,
    example: {
      ...endpointExample,
      secrets: [
        { display: "whsec_C2FV…MA==", createdAt: "2026-11-21T10:00:00.000Z" },
        { display: "whsec_9sUo…Qk0=", createdAt: "2026-11-21T09:30:00.000Z", validUntil: "2026-11-21T11:00:00.000Z" },
      ],
      version: 2,
      secret: endpointSecretExample,
    },
  },
  problems: {
    ...endpointNotFound,
    too_many_live_secrets: { status: 409, title: `At most ${secretsMax} secrets are live at a time; wait until one ends, or rotate with overlapSeconds 0.` },
  },
  async run({ table, now, newSecret, fail }, { params, body: { overlapSeconds } }) {
    const endpoint = (await loadEndpoint(table, params.endpointId)) ?? fail("webhook_endpoint_not_found");
    const former = endingBy(liveSecrets(endpoint, now), instantAfter(now, overlapSeconds * secondMilliseconds));
    const secret = endpointSecretFrom(newSecret(43));
    const secrets = [{ secret, createdAt: now.toISOString() }, ...liveSecrets({ secrets: former }, now)];
    if (secrets.length > secretsMax) return fail("too_many_live_secrets", { limit: secretsMax });
    const rotated = revise(endpoint, { secrets }, now);
    const change = replace(endpointKey(endpoint.id), endpoint, rotated, { events: [tell(endpointSecretRotated)] });
    return plan({ ...toEndpoint(rotated, now), secret }, [change], { replaces: endpoint.version });
  },
});

const endingBy = (secrets: readonly EndpointSecret[], end: string): EndpointSecret[] =>
  secrets.map((one) => ({ ...one, validUntil: one.validUntil && one.validUntil < end ? one.validUntil : end }));
