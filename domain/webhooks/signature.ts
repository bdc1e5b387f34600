/**
 * Signatures of deliveries, as Standard Webhooks has them: `v1` is an HMAC under the endpoint's own secret, `v1a` an
 * Ed25519 signature under the deployment's key, whose public half stands in the JWKS. Both sign `id.timestamp.body`.
 */
import { createHash, createHmac, createPrivateKey, createPublicKey, createSecretKey, type KeyObject, sign } from "node:crypto";
import { dayMilliseconds } from "../kernel/time.ts";

/** One Ed25519 key of the deployment. A secret: it is stored, and never leaves in an answer. */
export type SigningKey = {
  /** Names the key in the JWKS; follows from the public key. */
  readonly keyId: string;
  /** PKCS #8 in base64. */
  readonly privateKey: string;
  /** The 32 bytes of the public key in base64url, as a JWK's `x`. */
  readonly publicKey: string;
  readonly createdAt: string;
  /** From this instant on another key signs. */
  readonly retiredAt?: string;
};

export type Jwks = { keys: { kty: "OKP"; crv: "Ed25519"; x: string; kid: string; use: "sig"; alg: "EdDSA" }[] };
export type SignatureHeaders = { "webhook-id": string; "webhook-timestamp": string; "webhook-signature": string };
export type Signable = {
  /** The event's id: the same on every attempt, so that a receiver can recognise what it has handled. */
  readonly id: string;
  /** When the attempt is made; a receiver refuses what is far from its own clock. */
  readonly timestampSeconds: number;
  readonly body: string;
};

const secretPrefix = "whsec_";
/** What precedes the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
/** A retired key stays published for deliveries that were signed just before, and for whoever checks a kept one. */
const publishedAfterRetirementDays = 7;

/** `entropy` is 43 random letters and digits (256 bits). */
export const endpointSecretFrom = (entropy: string): string => secretPrefix + createHash("sha256").update(entropy).digest("base64");

/** `entropy` is 43 random letters and digits (256 bits); the same entropy gives the same key. */
export function signingKeyFrom(entropy: string, now: Date): SigningKey {
  const seed = createHash("sha256").update(`ed25519:${entropy}`).digest();
  const privateKey = Buffer.concat([pkcs8Prefix, seed]).toString("base64");
  const { x: publicKey = "" } = createPublicKey(signingKeyObject(privateKey)).export({ format: "jwk" });
  const keyId = createHash("sha256").update(publicKey, "base64url").digest("base64url").slice(0, 16);
  return { keyId, privateKey, publicKey, createdAt: now.toISOString() };
}

/** The public keys that receivers check `v1a` with: those in use, and those retired in the last days. */
export function jwksOf(keys: readonly SigningKey[], now: Date): Jwks {
  const oldest = new Date(now.getTime() - publishedAfterRetirementDays * dayMilliseconds).toISOString();
  const published = keys.filter(({ retiredAt }) => retiredAt === undefined || retiredAt >= oldest);
  return { keys: published.map(({ publicKey, keyId }) => ({ kty: "OKP", crv: "Ed25519", x: publicKey, kid: keyId, use: "sig", alg: "EdDSA" })) };
}

/**
 * The headers of one attempt. `secrets` are the endpoint's live ones: while a rotation overlaps, each of them signs,
 * newest first. Of `keys`, the newest that is not retired signs. Throws a plain Error when there is no secret or no key
 * to sign with, so that nothing is ever delivered without both signatures.
 */
export function signatureHeaders({ id, timestampSeconds, body }: Signable, secrets: readonly string[], keys: readonly SigningKey[]): SignatureHeaders {
  const current = currentKey(keys, new Date(timestampSeconds * 1000));
  if (secrets.length === 0 || !current) throw new Error("A delivery needs a secret and a signing key.");
  const content = Buffer.from(`${id}.${timestampSeconds}.${body}`);
  const symmetric = secrets.map((secret) => `v1,${createHmac("sha256", secretKeyObject(secret)).update(content).digest("base64")}`);
  const asymmetric = `v1a,${signedOnce(content, current)}`;
  return { "webhook-id": id, "webhook-timestamp": String(timestampSeconds), "webhook-signature": [...symmetric, asymmetric].join(" ") };
}

/**
 * What the deployment states besides deliveries, as a compact JWS (RFC 7515) under the newest key that is not retired. No
 * JWS is the content of a delivery: that begins with the event's id. Throws a plain Error when there is no key.
 */
export function signedStatement(type: string, statement: object, keys: readonly SigningKey[], now: Date): string {
  const current = currentKey(keys, now);
  if (!current) throw new Error("A statement needs a signing key.");
  const inBase64url = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const content = `${inBase64url({ alg: "EdDSA", typ: type, kid: current.keyId })}.${inBase64url(statement)}`;
  return `${content}.${sign(null, Buffer.from(content), signingKeyObject(current.privateKey)).toString("base64url")}`;
}

const currentKey = (keys: readonly SigningKey[], now: Date): SigningKey | undefined =>
  keys
    .filter(({ retiredAt }) => retiredAt === undefined || Date.parse(retiredAt) > now.getTime())
    .reduce<SigningKey | undefined>((newest, key) => (newest && newest.createdAt >= key.createdAt ? newest : key), undefined);

/** An event goes to many endpoints in the same second, with the same `v1a` signature: the last ones are kept, since they are the dearest part. */
const lastSigned: { keyId: string; content: Buffer; signature: string }[] = [];
const lastSignedMax = 16;
function signedOnce(content: Buffer, { keyId, privateKey }: SigningKey): string {
  const known = lastSigned.find((one) => one.keyId === keyId && one.content.equals(content));
  if (known) return known.signature;
  const signature = sign(null, content, signingKeyObject(privateKey)).toString("base64");
  lastSigned.unshift({ keyId, content, signature });
  lastSigned.length = Math.min(lastSigned.length, lastSignedMax);
  return signature;
}

const rememberedKeys = 2000;
/** Reading a key costs more than signing with it, so the last ones are kept; the oldest goes when there are too many. */
function remembered(read: (text: string) => KeyObject): (text: string) => KeyObject {
  const known = new Map<string, KeyObject>();
  return (text) => {
    const found = known.get(text);
    if (found) return found;
    if (known.size >= rememberedKeys) known.delete(known.keys().next().value as string);
    const made = read(text);
    known.set(text, made);
    return made;
  };
}

const secretKeyObject = remembered((secret) => createSecretKey(secret.slice(secretPrefix.length), "base64"));
const signingKeyObject = remembered((pkcs8) => createPrivateKey({ key: Buffer.from(pkcs8, "base64"), format: "der", type: "pkcs8" }));
