import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { afterAll, describe, expect, test } from "vitest";
import { endpointSecretFrom, jwksOf, type SigningKey, signatureHeaders, signingKeyFrom } from "../../../domain/webhooks/signature.ts";
import { handledIdsInMemory } from "./handled-ids.ts";
import { type VerifierOptions, webhookVerifier } from "./verify.ts";

const now = new Date();
const clock = { now };
const [secret, newSecret, foreignSecret] = ["a", "b", "c"].map((letter) => endpointSecretFrom(letter.repeat(43))) as [string, string, string];
const [key, newKey, foreignKey] = ["k", "l", "m"].map((letter) => signingKeyFrom(letter.repeat(43), now)) as [SigningKey, SigningKey, SigningKey];
const event = {
  id: "evt_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "event",
  type: "customer.created",
  tenantId: "tn_1",
  livemode: true,
  data: { object: { id: "cus_1", displayName: "Zoë 王小明" } },
};
const body = JSON.stringify(event);
const timestampSeconds = Math.floor(now.getTime() / 1000);
type Signing = { body?: string; id?: string; atSeconds?: number; secrets?: string[]; keys?: SigningKey[] };
const signed = ({ body: text = body, id = event.id, atSeconds = timestampSeconds, secrets = [secret], keys = [key] }: Signing = {}) =>
  signatureHeaders({ id, timestampSeconds: atSeconds, body: text }, secrets, keys);
const verifier = (options: VerifierOptions) => webhookVerifier({ now: () => clock.now, ...options });
const publicKeys = { from: jwksOf([key], now), tenantId: "tn_1", livemode: true };
const both = { secrets: [secret], publicKeys };
const refused = (code: string) => expect.objectContaining({ name: "WebhookVerificationError", code });

/** The deployment's key set, over real HTTP. */
const keySet = { keys: [key], status: 200, reads: 0 };
const server = createServer((_, response) => {
  keySet.reads += 1;
  response.writeHead(keySet.status, { "content-type": "application/json" }).end(JSON.stringify(jwksOf(keySet.keys, now)));
}).listen(0, "127.0.0.1");
await once(server, "listening");
afterAll(() => server.close());
const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`;
const atAddress = () => {
  Object.assign(keySet, { keys: [key], status: 200, reads: 0 });
  return verifier({ publicKeys: { ...publicKeys, from: jwksUrl } });
};
const later = <Result>(seconds: number, during: () => Promise<Result>): Promise<Result> => {
  clock.now = new Date(now.getTime() + seconds * 1000);
  return during().finally(() => (clock.now = now));
};

describe("a delivery of Clientele", () => {
  test("is verified by secret, by public key and by both, from fetch's headers and from Node's, as text and as bytes", async () => {
    for (const options of [{ secrets: [secret] }, { publicKeys }, both])
      for (const headers of [signed(), new Headers(signed()), { ...signed(), host: "x", "webhook-other": ["a", "b"] }])
        for (const bytes of [body, Buffer.from(body), new TextEncoder().encode(body)]) expect(await verifier(options).verify(headers, bytes)).toEqual(event);
  });

  test("verifies under either secret while a rotation overlaps, here and in the reference library", async () => {
    const overlapping = signed({ secrets: [newSecret, secret] });
    for (const one of [secret, newSecret]) {
      expect(await verifier({ secrets: [one] }).verify(overlapping, body)).toEqual(event);
      expect(new Webhook(one).verify(body, overlapping)).toEqual(event);
    }
    // A receiver may know both before and after: whichever signs.
    for (const one of [secret, newSecret]) expect(await verifier({ secrets: [newSecret, secret] }).verify(signed({ secrets: [one] }), body)).toEqual(event);
  });

  test("verifies when the reference library has signed it", async () => {
    const signature = new Webhook(secret).sign(event.id, new Date(timestampSeconds * 1000), body);
    const headers = { "webhook-id": event.id, "webhook-timestamp": String(timestampSeconds), "webhook-signature": `v2,unknown ${signature}` };
    expect(await verifier({ secrets: [secret] }).verify(headers, body)).toEqual(event);
    await expect(verifier(both).verify(headers, body)).rejects.toEqual(refused("malformed_signature"));
  });
});

describe("what was tampered with is refused, here and in the reference library:", () => {
  const headers = signed();
  const other = signed({ body: body.replace("cus_1", "cus_2") });
  const tampered: Record<string, [headers: Record<string, string>, body: string, code: string]> = {
    "the body": [headers, body.replace("cus_1", "cus_2"), "signature_mismatch"],
    "the body's white space": [headers, `${body} `, "signature_mismatch"],
    "the id": [{ ...headers, "webhook-id": "evt_01JD3S8K9ZQ4T7N2V5X8B1C6F1" }, body, "signature_mismatch"],
    "the timestamp": [{ ...headers, "webhook-timestamp": String(timestampSeconds + 1) }, body, "signature_mismatch"],
    "the signature, for another body's": [{ ...headers, "webhook-signature": other["webhook-signature"] }, body, "signature_mismatch"],
    "the signature, for another secret's and key's": [signed({ secrets: [foreignSecret], keys: [foreignKey] }), body, "signature_mismatch"],
    "the signature, cut": [{ ...headers, "webhook-signature": headers["webhook-signature"].slice(0, 40) }, body, "malformed_signature"],
    "the signature, of another version": [
      { ...headers, "webhook-signature": headers["webhook-signature"].replaceAll(/v1a?,/g, "v9,") },
      body,
      "malformed_signature",
    ],
    "the signature, gone": [{ ...headers, "webhook-signature": "" }, body, "missing_header"],
    "the id, gone": [{ "webhook-timestamp": headers["webhook-timestamp"], "webhook-signature": headers["webhook-signature"] }, body, "missing_header"],
    "the timestamp, no number": [{ ...headers, "webhook-timestamp": "now" }, body, "malformed_header"],
  };
  test.for(Object.entries(tampered))("%s", async ([, [sent, text, code]]) => {
    for (const options of [{ secrets: [secret] }, { publicKeys }, both]) await expect(verifier(options).verify(sent, text)).rejects.toEqual(refused(code));
    expect(() => new Webhook(secret).verify(text, sent)).toThrow();
  });

  test("any single byte, of the body or of a header", async () => {
    const parts = { ...headers, body };
    const place = fc
      .constantFrom(...(Object.keys(parts) as (keyof typeof parts)[]))
      .chain((part) => fc.record({ part: fc.constant(part), at: fc.nat(Buffer.byteLength(parts[part]) - 1) }));
    const verifies = verifier({ ...both, toleranceSeconds: 1e13 });
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async ({ part, at }, difference) => {
        const bytes = Buffer.from(parts[part]);
        bytes[at] = (bytes[at] as number) ^ difference;
        const { body: sentBody, ...sentHeaders } = { ...parts, [part]: part === "body" ? bytes : bytes.toString("latin1") };
        await expect(verifies.verify(sentHeaders, sentBody)).rejects.toMatchObject({ name: "WebhookVerificationError" });
      }),
      { numRuns: 2000 },
    );
  });
});

test("with both configured, one valid signature is not enough", async () => {
  const onlySecret = signed({ keys: [foreignKey] });
  const onlyKey = signed({ secrets: [foreignSecret] });
  for (const headers of [onlySecret, onlyKey]) await expect(verifier(both).verify(headers, body)).rejects.toEqual(refused("signature_mismatch"));
  expect(await verifier({ secrets: [secret] }).verify(onlySecret, body)).toEqual(event);
});

test("loose base64 of the right signature is refused: there is one way to write it", async () => {
  const headers = signed();
  const right = headers["webhook-signature"].split(" ")[0] as string;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const looseEnd = right.replace(/(.)=$/, (_, last) => `${alphabet[alphabet.indexOf(last) ^ 1]}=`);
  for (const signature of [right.slice(0, -1), `${right}=`, looseEnd, right.replace(",", ",\t"), `${right},`])
    await expect(verifier({ secrets: [secret] }).verify({ ...headers, "webhook-signature": signature }, body), signature).rejects.toEqual(
      refused("malformed_signature"),
    );
});

test("an id cannot take the beginning of the body with it", async () => {
  const carrier = `{"name":"x.${timestampSeconds}.1"}`;
  const headers = signed({ body: carrier });
  const id = `${event.id}.${timestampSeconds}.{"name":"x`;
  await expect(verifier({ secrets: [secret] }).verify({ ...headers, "webhook-id": id }, '1"}')).rejects.toEqual(refused("malformed_header"));
});

test("the time of sending may be five minutes off, either way, and not more", async () => {
  const verifies = (atSeconds: number) => verifier(both).verify(signed({ atSeconds }), body);
  clock.now = new Date(timestampSeconds * 1000);
  for (const seconds of [-300, 300]) expect(await verifies(timestampSeconds + seconds)).toEqual(event);
  await expect(verifies(timestampSeconds - 301)).rejects.toEqual(refused("timestamp_too_old"));
  await expect(verifies(timestampSeconds + 301)).rejects.toEqual(refused("timestamp_too_new"));
  clock.now = now;
});

test("a body that is signed for another tenant or mode, or is no event, is refused", async () => {
  const verifies = (text: string) => verifier({ publicKeys }).verify(signed({ body: text }), text);
  await expect(verifies(JSON.stringify({ ...event, tenantId: "tn_2" }))).rejects.toEqual(refused("wrong_tenant"));
  await expect(verifies(JSON.stringify({ ...event, tenantId: undefined }))).rejects.toEqual(refused("wrong_tenant"));
  await expect(verifies(JSON.stringify({ ...event, livemode: false }))).rejects.toEqual(refused("wrong_mode"));
  for (const text of ["", "{", "null", "[]", '{"id":1}']) await expect(verifies(text), text).rejects.toEqual(refused("malformed_body"));
});

describe("public keys at an address", () => {
  test("are read once, and again when a signature is of a key that came later", async () => {
    const rotating = atAddress();
    await Promise.all([1, 2, 3].map(() => rotating.verify(signed(), body)));
    await rotating.verify(signed(), body);
    expect(keySet.reads).toBe(1);

    keySet.keys = [key, newKey];
    const byNewKey = () => signed({ keys: [newKey], atSeconds: Math.floor(clock.now.getTime() / 1000) });
    await later(61, () => Promise.all([1, 2, 3].map(() => rotating.verify(byNewKey(), body))));
    expect(keySet.reads).toBe(2);
    await later(62, () => rotating.verify(signed(), body));
    expect(keySet.reads).toBe(2);
  });

  test("are not read more than once a minute for a flood of forgeries, nor while they cannot be read again", async () => {
    const flooded = atAddress();
    const forged = () => flooded.verify(signed({ keys: [foreignKey] }), body);
    for (const _ of [1, 2, 3]) await expect(forged()).rejects.toEqual(refused("signature_mismatch"));
    expect(keySet.reads).toBe(1);
    keySet.status = 503;
    await expect(later(61, forged)).rejects.toEqual(refused("keys_unavailable"));
    await expect(later(62, forged)).rejects.toEqual(refused("signature_mismatch"));
    expect(keySet.reads).toBe(2);
  });

  test("that were withdrawn are not believed for longer than an hour, and what cannot be read is told as that", async () => {
    const verifies = atAddress();
    await verifies.verify(signed(), body);
    keySet.keys = [newKey];
    const atSeconds = timestampSeconds + 3601;
    await expect(later(3601, () => verifies.verify(signed({ atSeconds }), body))).rejects.toEqual(refused("signature_mismatch"));
    keySet.status = 500;
    await expect(verifier({ publicKeys: { ...publicKeys, from: jwksUrl } }).verify(signed(), body)).rejects.toEqual(refused("keys_unavailable"));
  });
});

describe("handling once", () => {
  test("a copy of what was handled is a duplicate, however soon it comes, until it is too old to pass", async () => {
    const verifies = verifier(both);
    let handled = 0;
    const slow = async () => {
      await Promise.resolve();
      handled += 1;
    };
    const handle = () => verifies.handleOnce(signed(), body, slow);
    expect((await Promise.all([handle(), handle(), handle()])).sort()).toEqual(["duplicate", "duplicate", "handled"]);
    expect(await later(299, handle)).toBe("duplicate");
    await expect(later(301, handle)).rejects.toEqual(refused("timestamp_too_old"));
    expect(handled).toBe(1);
  });

  test("what failed is handled when it comes again, also a copy that was waiting for it", async () => {
    const verifies = verifier(both);
    const seen: string[] = [];
    const failing = verifies.handleOnce(signed(), body, async () => {
      seen.push("fails");
      await Promise.resolve();
      throw new Error("The database is away.");
    });
    const waiting = verifies.handleOnce(signed(), body, () => void seen.push("works"));
    await expect(failing).rejects.toThrow("The database is away.");
    expect(await waiting).toBe("handled");
    expect(await verifies.handleOnce(signed(), body, () => void seen.push("again"))).toBe("duplicate");
    expect(seen).toEqual(["fails", "works"]);
  });

  test("the handler never sees what was not verified, and a forgery does not make the right one a duplicate", async () => {
    const verifies = verifier(both);
    let handled = 0;
    await expect(verifies.handleOnce(signed({ secrets: [foreignSecret] }), body, () => void handled++)).rejects.toEqual(refused("signature_mismatch"));
    expect(await verifies.handleOnce(signed(), body, () => void handled++)).toBe("handled");
    expect(handled).toBe(1);
  });

  test("memory is bounded in number and in time", () => {
    const ids = handledIdsInMemory({ idsMax: 2, now: () => clock.now });
    const in10s = new Date(now.getTime() + 10_000);
    for (const id of ["a", "b", "c"]) ids.add(id, in10s);
    expect(["a", "b", "c"].map((id) => ids.has(id))).toEqual([false, true, true]);
    clock.now = in10s;
    expect(ids.has("c")).toBe(false);
    clock.now = now;
  });
});

test("a verifier that could believe everything cannot be made", () => {
  const wrong: [options: VerifierOptions, words: string][] = [
    [{}, "Give the endpoint's secrets"],
    [{ secrets: [] }, "There must be a secret"],
    [{ secrets: [], publicKeys }, "There must be a secret"],
    [{ secrets: [process.env["NO_SUCH_SECRET"] as string] }, "A webhook secret is whsec_"],
    [{ secrets: ["whsec_"] }, "A webhook secret is whsec_"],
    [{ publicKeys: { ...publicKeys, tenantId: "" } }, "give your tenantId"],
    [{ publicKeys: { ...publicKeys, from: "http://api.example.com/.well-known/jwks.json" } }, "must be https"],
    [{ secrets: [secret], toleranceSeconds: Number.NaN }, "toleranceSeconds"],
  ];
  for (const [options, words] of wrong) expect(() => webhookVerifier(options)).toThrow(words);
});
