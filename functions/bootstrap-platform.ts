/**
 * Invoked by an operator, never over HTTP: makes the platform's first key, or one in the place of a key that is lost. It is
 * given the hash of the secret, so that the secret is in no event, log or answer.
 */
import { setTimeout as delay } from "node:timers/promises";
import { inputErrors } from "../domain/kernel/input-errors.ts";
import { Contention } from "../domain/kernel/table.ts";
import { platformTenantId } from "../domain/tenants/model.ts";
import { type PlatformKeyAnswer, PlatformKeyRequest, planPlatformKey } from "../domain/tenants/platform-key.ts";
import { log } from "./shell/log.ts";
import { observed } from "./shell/observed.ts";
import { newId, newSecret } from "./shell/random.ts";
import { openTable } from "./shell/table.ts";

const attemptsMax = 8;

/** `event` is a PlatformKeyRequest. Safe to repeat; throws only what the table throws, and then a repeat finds out. */
export const handler = observed("bootstrap-platform", async (event: unknown): Promise<PlatformKeyAnswer> => {
  const { data: request, error } = PlatformKeyRequest.safeParse(event);
  const answer: PlatformKeyAnswer = request ? await makeKey(request) : { outcome: "refused", code: "invalid_input", errors: inputErrors(error, "body") };
  if (answer.outcome === "created") log("warn", "platform key made", { keyId: answer.keyId, revokedKeyIds: answer.revokedKeyIds });
  else log("warn", "platform key refused", { code: answer.code });
  return answer;
});

async function makeKey(request: PlatformKeyRequest): Promise<PlatformKeyAnswer> {
  const table = openTable(platformTenantId);
  for (let attempt = 1; ; attempt++) {
    const now = new Date();
    try {
      const { answer, changes } = await planPlatformKey(table, request, { keyId: newId("key", now), tenantSecret: newSecret(43), now });
      await table.commit(changes, () => []);
      return answer;
    } catch (error) {
      if (!(error instanceof Contention) || attempt === attemptsMax) throw error;
      await delay(Math.random() * 20 * 2 ** attempt);
    }
  }
}
