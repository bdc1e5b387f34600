/** What signs deliveries besides the endpoint's secret, and statements of the deployment's own; kept for a while: it changes rarely. */
import { Contention } from "../../domain/kernel/table.ts";
import { platformTenantId } from "../../domain/tenants/model.ts";
import { type SigningKey, signedStatement } from "../../domain/webhooks/signature.ts";
import { loadSigningKeys } from "../../domain/webhooks/signing-keys.ts";
import { newSecret } from "../shell/random.ts";
import { openTable } from "../shell/table.ts";

const keptMilliseconds = 60_000;
let kept: { keys: Promise<SigningKey[]>; until: number } | undefined;

export function signingKeys(): Promise<SigningKey[]> {
  if (kept && kept.until > Date.now()) return kept.keys;
  const keys = load();
  keys.catch(() => (kept = undefined));
  kept = { keys, until: Date.now() + keptMilliseconds };
  return keys;
}

export const signStatement = async (type: string, statement: object): Promise<string> => signedStatement(type, statement, await signingKeys(), new Date());

async function load(): Promise<SigningKey[]> {
  const platform = openTable(platformTenantId);
  const { keys, changes } = await loadSigningKeys(platform, () => newSecret(43), new Date());
  try {
    await platform.commit(changes, () => []);
    return keys;
  } catch (error) {
    // Somebody else has just made them.
    if (error instanceof Contention) return load();
    throw error;
  }
}
