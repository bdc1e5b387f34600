import { createHmac, createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { endpointSecretFrom, jwksOf, type SigningKey, signatureHeaders, signingKeyFrom } from "./signature.ts";

const now = new Date();
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();
const delivery = { id: "evt_01JD3S8K9ZQ4T7N2V5X8B1C6F0", timestampSeconds: Math.floor(now.getTime() / 1000), body: '{"displayName":"Zoë 王小明 🎈"}' };
const [older, newer] = [endpointSecretFrom("a".repeat(43)), endpointSecretFrom("b".repeat(43))] as const;
const key = signingKeyFrom("k".repeat(43), now);
const checks = (signingKey: SigningKey, signatures: string): boolean => {
  const [{ kty, crv, x } = { kty: "", crv: "", x: "" }] = jwksOf([signingKey], now).keys;
  const signature = Buffer.from(/v1a,(\S+)/.exec(signatures)?.[1] ?? "", "base64");
  const content = Buffer.from(`${delivery.id}.${delivery.timestampSeconds}.${delivery.body}`);
  return verify(null, content, createPublicKey({ key: { kty, crv, x }, format: "jwk" }), signature);
};

describe("signatures", () => {
  test("verify with the reference library, under either secret while a rotation overlaps", () => {
    const headers = signatureHeaders(delivery, [newer, older], [key]);
    for (const secret of [newer, older]) expect(new Webhook(secret).verify(delivery.body, headers)).toEqual(JSON.parse(delivery.body));
    expect(() => new Webhook(endpointSecretFrom("c".repeat(43))).verify(delivery.body, headers)).toThrow("No matching signature");
  });

  test("stand newest secret first, the public key's last, as the specification writes them", () => {
    const { "webhook-signature": signatures, ...others } = signatureHeaders(delivery, [newer, older], [key]);
    const hmac = (secret: string) =>
      createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
        .update(`${delivery.id}.${delivery.timestampSeconds}.${delivery.body}`)
        .digest("base64");
    expect(signatures).toMatch(/^v1,\S{44} v1,\S{44} v1a,\S{88}$/);
    expect(signatures.split(" ").slice(0, 2)).toEqual([`v1,${hmac(newer)}`, `v1,${hmac(older)}`]);
    expect(others).toEqual({ "webhook-id": delivery.id, "webhook-timestamp": String(delivery.timestampSeconds) });
  });

  test("are made with the newest key that is not retired", () => {
    const retired = { ...signingKeyFrom("r".repeat(43), new Date(daysAgo(1))), retiredAt: daysAgo(0.5) };
    const old = signingKeyFrom("o".repeat(43), new Date(daysAgo(2)));
    const signedBy = (keys: SigningKey[]) => {
      const { "webhook-signature": signatures } = signatureHeaders(delivery, [newer], keys);
      return keys.filter((one) => checks(one, signatures));
    };
    expect(signedBy([old, key, retired])).toEqual([key]);
    expect(signedBy([retired, old])).toEqual([old]);
  });

  test("are never left out", () => {
    expect(() => signatureHeaders(delivery, [], [key])).toThrow("needs a secret and a signing key");
    expect(() => signatureHeaders(delivery, [newer], [{ ...key, retiredAt: daysAgo(1) }])).toThrow("needs a secret and a signing key");
  });
});

test("a key is the same for the same entropy, published while it signs and a week longer, and its private half never", () => {
  expect(signingKeyFrom("k".repeat(43), now)).toEqual(key);
  const published = jwksOf([key, { ...key, keyId: "recent", retiredAt: daysAgo(6) }, { ...key, keyId: "past", retiredAt: daysAgo(8) }], now);
  expect(published.keys.map(({ kid }) => kid)).toEqual([key.keyId, "recent"]);
  expect(JSON.stringify(published)).not.toContain(key.privateKey);
  expect(published.keys[0]).toEqual({ kty: "OKP", crv: "Ed25519", x: key.publicKey, kid: key.keyId, use: "sig", alg: "EdDSA" });
});
