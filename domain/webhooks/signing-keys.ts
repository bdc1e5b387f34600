/** The deployment's own keys: they sign every delivery besides the endpoint's secret, and everybody may know their public halves. */
import { type Change, create, type Reader } from "../kernel/table.ts";
import { signingKeysKey } from "./keys.ts";
import { type SigningKey, signingKeyFrom } from "./signature.ts";

export type SigningKeysRecord = { version: number; keys: SigningKey[] };

/** From the platform's partition; the first who asks makes them, by the change that comes with the answer. */
export async function loadSigningKeys(platform: Reader, entropy: () => string, now: Date): Promise<{ keys: SigningKey[]; changes: Change[] }> {
  const record = await platform.get(signingKeysKey);
  if (record) return { keys: record.keys, changes: [] };
  const keys = [signingKeyFrom(entropy(), now)];
  return { keys, changes: [create(signingKeysKey, { version: 1, keys })] };
}
