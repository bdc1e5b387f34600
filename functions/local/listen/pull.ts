/** Listening by asking: for a server that cannot reach this machine. Nothing is created there. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { endpointSecretFrom, signatureHeaders, signingKeyFrom } from "../../../domain/webhooks/signature.ts";
import { isWanted } from "../../../domain/webhooks/subscription.ts";
import { eventSequence, logName } from "../../../openapi/sdk/webhooks/event-sequence.ts";
import type { WebhookEvent } from "../../../openapi/sdk/webhooks/webhook-event.ts";
import { type Caller, eventsAfter, lastSequence, type Server } from "./api.ts";
import { ListenFailure } from "./failure.ts";
import { type Delivery, forward } from "./forward.ts";
import type { Options } from "./options.ts";
import type { Print } from "./print.ts";
import type { Listening } from "./receive.ts";

const pauseMilliseconds = 1_000;
const pauseAfterFailureMilliseconds = 5_000;

/** Throws ListenFailure. Once it resolves, every later event of the wanted types is printed and forwarded once, in order, whatever is answered. */
export async function pullEvents(server: Server, { tenant, livemode }: Caller, { forwardTo, eventTypes }: Options, print: Print): Promise<Listening> {
  const log = { tenantId: tenant.id, livemode, lane: 0 };
  const sign = localSigner();
  const sequence = eventSequence({
    fetchEvents: (_, afterSequence) => eventsAfter(server, afterSequence),
    async deliver(event) {
      if (!isWanted({ eventTypes: [...eventTypes], filter: [] }, event)) return;
      const forwarded = forwardTo ? await forward(forwardTo, sign.delivery(event)) : undefined;
      print.event({ event, attempt: 1, ...(forwarded && { forwarded }) });
    },
    position: { [logName(log)]: await lastSequence(server) },
  });
  const stopping = new AbortController();
  const pulling = pull(() => sequence.catchUp(log), stopping.signal);
  return {
    secret: sign.secret,
    async stop() {
      stopping.abort();
      await pulling;
    },
  };
}

/** A server that goes away for a while is told of and asked again. */
async function pull(catchUp: () => Promise<void>, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    const failure = await catchUp().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure !== undefined) console.error(failure instanceof ListenFailure ? failure.message : failure);
    await delay(failure === undefined ? pauseMilliseconds : pauseAfterFailureMilliseconds, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** What the service itself would send, but with a secret of this run. */
function localSigner(): { secret: string; delivery(event: WebhookEvent): Delivery } {
  const entropy = () => randomBytes(32).toString("base64url");
  const secret = endpointSecretFrom(entropy());
  const keys = [signingKeyFrom(entropy(), new Date())];
  return {
    secret,
    delivery(event) {
      const body = JSON.stringify(event);
      const signed = signatureHeaders({ id: event.id, timestampSeconds: Math.floor(Date.now() / 1000), body }, [secret], keys);
      return { headers: { "content-type": "application/json", ...signed }, body: Buffer.from(body) };
    },
  };
}
