/** Reads the three headers of Standard Webhooks and compares signatures. Trusts nothing that it has not compared. */
import { createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { WebhookVerificationError } from "./verification-error.ts";

/** Fetch's `Headers`, or a record of names and values as Node's `request.headers`. */
export type RequestHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

export type SignedRequest = {
  readonly id: string;
  readonly timestampSeconds: number;
  /** What the sender signed. */
  readonly content: Buffer;
  /** Well-formed signatures by kind; the header may have several of each, and kinds that we do not know. */
  readonly symmetric: readonly Buffer[];
  readonly asymmetric: readonly Buffer[];
};

const hmacBytes = 32;
const ed25519Bytes = 64;
const secretPrefix = "whsec_";

/** Throws `missing_header` or `malformed_header`. `body` is what came over the wire: parsed and written again, it is other bytes. */
export function readSignedRequest(headers: RequestHeaders, body: string | Uint8Array): SignedRequest {
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => headerValue(headers, name)) as [
    string,
    string,
    string,
  ];
  // A dot in the id could move the border between what is signed as id, as timestamp and as body.
  if (!/^[\w-]{1,256}$/.test(id)) throw new WebhookVerificationError("malformed_header", "webhook-id is not an id.");
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookVerificationError("malformed_header", "webhook-timestamp is not a number of seconds.");
  const entries = signatures.split(" ");
  return {
    id,
    timestampSeconds: Number(timestamp),
    content: Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body as Uint8Array)]),
    symmetric: signaturesOf(entries, "v1,", hmacBytes),
    asymmetric: signaturesOf(entries, "v1a,", ed25519Bytes),
  };
}

function headerValue(headers: RequestHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (value === undefined || value === null || value === "") throw new WebhookVerificationError("missing_header", `The request has no ${name}.`);
  return typeof value === "string" ? value : value.join(" ");
}

const signaturesOf = (entries: readonly string[], prefix: string, bytes: number): Buffer[] =>
  entries
    .filter((entry) => entry.startsWith(prefix))
    .map((entry) => strictBase64(entry.slice(prefix.length)))
    .filter((signature) => signature?.length === bytes) as Buffer[];

/** Undefined for anything but the one way of writing these bytes; Node itself would skip foreign characters and accept loose ends. */
function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** The bytes of a `whsec_` secret. Throws a TypeError that does not tell the secret. */
export function secretBytes(secret: string): Buffer {
  const bytes = typeof secret === "string" && secret.startsWith(secretPrefix) ? strictBase64(secret.slice(secretPrefix.length)) : undefined;
  if (!bytes || bytes.length < 24) throw new TypeError("A webhook secret is whsec_ and base64, as it was shown when the endpoint was created.");
  return bytes;
}

export function isSignedWithSecret({ content, symmetric }: SignedRequest, secrets: readonly Buffer[]): boolean {
  if (symmetric.length === 0) throw new WebhookVerificationError("malformed_signature", "webhook-signature has no well-formed v1 signature.");
  return secrets.some((secret) => {
    const expected = createHmac("sha256", secret).update(content).digest();
    return symmetric.some((signature) => timingSafeEqual(signature, expected));
  });
}

export function isSignedWithKey({ content, asymmetric }: SignedRequest, keys: readonly KeyObject[]): boolean {
  if (asymmetric.length === 0) throw new WebhookVerificationError("malformed_signature", "webhook-signature has no well-formed v1a signature.");
  return keys.some((key) => asymmetric.some((signature) => verify(null, content, key, signature)));
}
