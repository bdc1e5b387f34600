/** The deployment's public keys: read once, and again when a signature fits none of them, because the key has been rotated. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { WebhookVerificationError } from "./verification-error.ts";

export type Jwks = { readonly keys: readonly { readonly kty: string; readonly crv?: string; readonly x?: string }[] };

export interface PublicKeys {
  /** Throws `keys_unavailable` when they cannot be read and were not within the last hour. */
  current(): Promise<readonly KeyObject[]>;
  /** The keys read anew, or undefined when that was done within the last minute: a flood of forgeries is not passed on. Throws `keys_unavailable`. */
  renewed(): Promise<readonly KeyObject[] | undefined>;
}

const minuteMilliseconds = 60_000;
/** After that a key that was withdrawn is no longer believed. */
const staleAfterMilliseconds = 60 * minuteMilliseconds;
const fetchTimeoutMilliseconds = 5_000;

export function publicKeysIn(jwks: Jwks): PublicKeys {
  const keys = keysOf(jwks);
  return { current: async () => keys, renewed: async () => undefined };
}

/** Throws a TypeError for an address that somebody on the way could answer for. */
export function publicKeysAt(url: string, now: () => Date): PublicKeys {
  const { protocol, hostname } = new URL(url);
  const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  if (protocol !== "https:" && !isLoopback) throw new TypeError("The address of the public keys must be https.");
  let known: { keys: readonly KeyObject[]; readAt: number } | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<readonly KeyObject[]> | undefined;
  const read = async () => {
    triedAt = now().getTime();
    known = { keys: await fetchKeys(url), readAt: triedAt };
    return known.keys;
  };
  // Requests that arrive together wait for one reading.
  const readShared = () => {
    reading ??= read().finally(() => (reading = undefined));
    return reading;
  };
  return {
    async current() {
      return known && now().getTime() - known.readAt < staleAfterMilliseconds ? known.keys : readShared();
    },
    async renewed() {
      return !reading && now().getTime() - triedAt < minuteMilliseconds ? undefined : readShared();
    },
  };
}

async function fetchKeys(url: string): Promise<readonly KeyObject[]> {
  try {
    const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(fetchTimeoutMilliseconds) });
    if (!response.ok) throw new Error(`It answered ${response.status}.`);
    return keysOf((await response.json()) as Jwks);
  } catch (cause) {
    throw new WebhookVerificationError("keys_unavailable", `The public keys at ${url} could not be read.`, { cause });
  }
}

/** Keys of other kinds are passed over: the set may serve other purposes too. */
const keysOf = ({ keys }: Jwks): readonly KeyObject[] =>
  keys.filter(({ kty, crv }) => kty === "OKP" && crv === "Ed25519").map(({ kty, crv, x }) => createPublicKey({ key: { kty, crv, x }, format: "jwk" }));
