/** Verifies that a webhook is Clientele's, is meant for you, and is new. Node only, no dependencies. */
import { type HandledIds, handledIdsInMemory } from "./handled-ids.ts";
import { type Jwks, type PublicKeys, publicKeysAt, publicKeysIn } from "./public-keys.ts";
import { isSignedWithKey, isSignedWithSecret, type RequestHeaders, readSignedRequest, type SignedRequest, secretBytes } from "./signed-request.ts";
import { WebhookVerificationError } from "./verification-error.ts";
import type { WebhookEvent } from "./webhook-event.ts";

export type VerifierOptions = {
  /** The endpoint's secrets: the one in use and, while a rotation overlaps, the other one. One of them must fit a `v1` signature. */
  secrets?: readonly string[];
  /**
   * The deployment's public keys. One of them must fit a `v1a` signature. They are the same for every tenant, so such a
   * signature says that Clientele sent the body, but not to whom: a tenant could send you what was signed for itself,
   * or a holder of your test key what was signed as test data. What is inside the signed body says it, and is compared
   * with `tenantId` and `livemode`. It does not say for which of your endpoints: only a secret does.
   */
  publicKeys?: { from: string | Jwks; tenantId: string; livemode: boolean };
  /** How far the time of sending may be from this machine's clock. */
  toleranceSeconds?: number;
  handledIds?: HandledIds;
  now?: () => Date;
};

export interface WebhookVerifier {
  /**
   * The event in `body`, which must be the bytes or text as they arrived. With `secrets` a `v1` signature is required,
   * with `publicKeys` a `v1a` one, with both, both. Throws `WebhookVerificationError`, whose `code` tells why.
   * Does not ask whether the event was handled before, so it may be called any number of times.
   */
  verify(headers: RequestHeaders, body: string | Uint8Array): Promise<WebhookEvent>;
  /**
   * Verifies, and hands the event to `handler` unless its id was handled within twice the tolerance: longer than any
   * copy of a request can pass for new. `duplicate` is a success: answer 2xx, or a delivery whose answer was lost
   * comes again and again. When `handler` throws, this throws the same, nothing is remembered, and the delivery that
   * Clientele makes next is handled.
   *
   * That is at least once: a process that dies between the end of `handler` and remembering it handles the event again,
   * and so do two processes at the same time. Where that matters, keep the event's id in the transaction of your own
   * change. Within one process, copies that arrive together wait for each other.
   */
  handleOnce(headers: RequestHeaders, body: string | Uint8Array, handler: (event: WebhookEvent) => void | Promise<void>): Promise<"handled" | "duplicate">;
}

/** Throws a TypeError when nothing is given to verify with, or a secret is malformed: a receiver without it would believe everything. */
export function webhookVerifier(options: VerifierOptions): WebhookVerifier {
  const { toleranceSeconds = 300, now = () => new Date() } = options;
  if (!(toleranceSeconds > 0 && toleranceSeconds < Number.POSITIVE_INFINITY)) throw new TypeError("toleranceSeconds must be a positive number.");
  const { handledIds = handledIdsInMemory({ now }) } = options;
  const check = checkWith(options, toleranceSeconds, now);
  const lastTurns = new Map<string, Promise<unknown>>();
  return {
    verify: async (headers, body) => (await check(headers, body)).event,
    async handleOnce(headers, body, handler) {
      const { id, event } = await check(headers, body);
      const takeTurn = async () => {
        if (await handledIds.has(id)) return "duplicate" as const;
        await handler(event);
        await handledIds.add(id, new Date(now().getTime() + 2 * toleranceSeconds * 1000));
        return "handled" as const;
      };
      const turn = (lastTurns.get(id) ?? Promise.resolve()).then(takeTurn, takeTurn);
      lastTurns.set(id, turn);
      return turn.finally(() => lastTurns.get(id) === turn && lastTurns.delete(id));
    },
  };
}

function checkWith({ secrets, publicKeys }: VerifierOptions, toleranceSeconds: number, now: () => Date) {
  if (!secrets && !publicKeys) throw new TypeError("Give the endpoint's secrets, the public keys, or both.");
  if (secrets?.length === 0) throw new TypeError("There must be a secret in `secrets`.");
  if (publicKeys && (!publicKeys.tenantId || typeof publicKeys.livemode !== "boolean"))
    throw new TypeError("Public keys are every tenant's: give your tenantId and livemode.");
  const secretsBytes = secrets?.map(secretBytes);
  const keys = publicKeys && (typeof publicKeys.from === "string" ? publicKeysAt(publicKeys.from, now) : publicKeysIn(publicKeys.from));
  return async (headers: RequestHeaders, body: string | Uint8Array): Promise<{ id: string; event: WebhookEvent }> => {
    const request = readSignedRequest(headers, body);
    checkTime(request, toleranceSeconds, now());
    if (secretsBytes && !isSignedWithSecret(request, secretsBytes)) throw mismatch("v1");
    if (keys && !(await isSignedWithCurrentKey(request, keys))) throw mismatch("v1a");
    const event = parseEvent(body);
    if (publicKeys) checkAudience(event, publicKeys);
    return { id: request.id, event };
  };
}

const mismatch = (kind: string) => new WebhookVerificationError("signature_mismatch", `No ${kind} signature fits the id, the timestamp and the body.`);

function checkTime({ timestampSeconds }: SignedRequest, toleranceSeconds: number, now: Date): void {
  const ageSeconds = now.getTime() / 1000 - timestampSeconds;
  if (ageSeconds > toleranceSeconds) throw new WebhookVerificationError("timestamp_too_old", `Sent more than ${toleranceSeconds} s ago.`);
  if (ageSeconds < -toleranceSeconds) throw new WebhookVerificationError("timestamp_too_new", `Sent more than ${toleranceSeconds} s in the future.`);
}

async function isSignedWithCurrentKey(request: SignedRequest, keys: PublicKeys): Promise<boolean> {
  if (isSignedWithKey(request, await keys.current())) return true;
  const renewed = await keys.renewed();
  return renewed !== undefined && isSignedWithKey(request, renewed);
}

function parseEvent(body: string | Uint8Array): WebhookEvent {
  try {
    const event = JSON.parse(typeof body === "string" ? body : new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof event?.id === "string" && typeof event.type === "string") return event;
  } catch {
    // Told below, as everything else that is no event.
  }
  throw new WebhookVerificationError("malformed_body", "The body is not an event.");
}

function checkAudience(event: WebhookEvent, { tenantId, livemode }: { tenantId: string; livemode: boolean }): void {
  if (event.tenantId !== tenantId) throw new WebhookVerificationError("wrong_tenant", "The event is another tenant's.");
  if (event.livemode !== livemode) throw new WebhookVerificationError("wrong_mode", `The event has livemode ${event.livemode}.`);
}
