import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { jwksOf } from "./signature.ts";
import { loadSigningKeys } from "./signing-keys.ts";

const Jwk = z
  .object({
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    x: z.string().meta({ description: "The public key, 32 bytes in base64url." }),
    kid: z.string(),
    use: z.literal("sig"),
    alg: z.literal("EdDSA"),
  })
  .meta({ id: "WebhookKey" });

export const getWebhookKeys = operation({
  id: "getWebhookKeys",
  summary: "Get the public keys of webhook signatures",
  description:
    "A JSON Web Key Set (RFC 7517): one of its keys verifies the `v1a` signatures of every delivery of this deployment. A retired key stays for a week. Keep the set for 5 minutes, and fetch it again when no key of it verifies.",
  method: "get",
  path: "/.well-known/jwks.json",
  permission: "public",
  partition: "platform",
  success: {
    status: 200,
    maxAgeSeconds: 300,
    output: z.object({ keys: z.array(Jwk) }).meta({ id: "WebhookKeySet" }),
    example: {
      keys: [{ kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", kid: "kPrK_qmxVWaYVA9w", use: "sig", alg: "EdDSA" }],
    },
  },
  problems: {},
  async run({ table, now, newSecret }) {
    const { keys, changes } = await loadSigningKeys(table, () => newSecret(43), now);
    return plan(jwksOf(keys, now), changes);
  },
});
