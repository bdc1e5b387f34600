/**
 * Idempotency records: an answer is kept in the transaction that made it true. The record exists exactly when the effect
 * does, so there is no window in which a repeat could act twice or be told to wait.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, randomUUID } from "node:crypto";
import { newestApiVersion } from "../../domain/api-versions.ts";
import type { Caller } from "../../domain/kernel/caller.ts";
import { canonicalJson } from "../../domain/kernel/canonical-json.ts";
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { type Change, create, key, type Reader } from "../../domain/kernel/table.ts";
import { dayMilliseconds, instantAfter } from "../../domain/kernel/time.ts";
import type { Answer } from "./answer.ts";
import type { Call } from "./request.ts";

const daysKept = 7;
/** `commit` differs at each commit: it tells a repeat by the caller from a repeat by the SDK (see table.ts). */
type Kept = { fingerprint: string; status: number; body: string; apiVersion: string; sealed?: boolean; commit: string };

/** Thrown by a commit that finds the record of an earlier one. */
export class Replayed extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super("The request was answered before.");
    this.answer = answer;
  }
}

export type Idempotency = {
  /** The change that keeps `answer`; committing it again throws Replayed, or refuses another request under the same key. */
  keep(answer: Answer): Change;
  /** Throws Replayed when the request was answered before. */
  replay(table: Reader): Promise<void>;
};

export function idempotency(operation: AnyOperation, caller: Caller, call: Call, idempotencyKey: string, now: Date): Idempotency {
  const at = key<Kept>(`IDEM#${digest([caller.tenantId, caller.livemode, caller.actor.id, operation.id, idempotencyKey])}`, "META");
  const fingerprint = digest([call.params, call.query, call.body ?? null, call.ifMatch ?? null]);
  const secret = operation.secretOutput ? `${caller.settings.secret}.${idempotencyKey}` : undefined;
  const answerAgain = (kept: Kept): never => {
    if (kept.fingerprint !== fingerprint) throw shellProblem("idempotency_key_reused");
    const body = JSON.parse(kept.sealed && secret ? unseal(kept.body, secret) : kept.body);
    throw new Replayed({ status: kept.status, body, apiVersion: kept.apiVersion, replayed: true });
  };
  return {
    keep({ status, body }) {
      const text = JSON.stringify(body ?? null);
      const kept = {
        fingerprint,
        status,
        apiVersion: newestApiVersion,
        ...(secret ? { body: seal(text, secret), sealed: true } : { body: text }),
        commit: randomUUID(),
      };
      return create(at, kept, { placement: { expiresAt: instantAfter(now, daysKept * dayMilliseconds) }, whenRefused: answerAgain });
    },
    async replay(table) {
      const kept = await table.get(at);
      if (kept) answerAgain(kept);
    },
  };
}

const digest = (value: unknown) => createHash("sha256").update(canonicalJson(value)).digest("base64url");

/** A secret that is shown once must not lie readable in the table: only the caller's own Idempotency-Key opens it again. */
const cipherKey = (secret: string) => Buffer.from(hkdfSync("sha256", secret, "", "clientele idempotency", 32));
function seal(text: string, secret: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", cipherKey(secret), nonce);
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
}
function unseal(sealed: string, secret: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", cipherKey(secret), bytes.subarray(0, 12)).setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
}
