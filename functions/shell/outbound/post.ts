/** Sends one webhook: to addresses that may be called only, within a time that covers everything, keeping little of the answer. */
import { exchange, type Outcome } from "./exchange.ts";
import { type Resolve, resolveName } from "./resolve.ts";
import { judgeTarget, type TargetOptions } from "./target.ts";

export type PostOptions = TargetOptions & {
  /** Name look-up, TCP and TLS handshake together. */
  connectTimeoutMilliseconds?: number;
  /** Everything, the answer's body included. */
  timeoutMilliseconds?: number;
  /** So much of the answer's body is told. */
  responseBytesKept?: number;
  /** An answer's body that is longer is not read to its end; the attempt counts as answered. */
  responseBytesMax?: number;
  resolve?: Resolve;
};

export type Attempted = Outcome & {
  /** From the call to the end of the answer, or to the failure. */
  latencyMilliseconds: number;
};

/**
 * Posts the body once and never throws. Redirects are not followed. The addresses that are checked are those connected to: a
 * name that was public when the endpoint was written, or a moment ago, reaches nothing inside. When the receiver closed a
 * kept connection just as it was used again, the request is sent once more on a fresh one: receivers know repeats by `webhook-id`.
 * Header names and values are the caller's to check; `content-length` is always the body's.
 */
export async function post(url: string, headers: Record<string, string>, body: string, options: PostOptions): Promise<Attempted> {
  const startedAt = performance.now();
  const { target, refusal } = judgeTarget(url, options);
  const outcome: Outcome = refusal
    ? { failure: "address_not_allowed", failureDetail: refusal.detail }
    : await exchange({
        target,
        headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
        body,
        endsAt: startedAt + (options.timeoutMilliseconds ?? 15_000),
        connectTimeoutMilliseconds: options.connectTimeoutMilliseconds ?? 3_000,
        responseBytesKept: options.responseBytesKept ?? 4_096,
        responseBytesMax: options.responseBytesMax ?? 65_536,
        resolve: options.resolve ?? resolveName,
      });
  return { latencyMilliseconds: Math.round(performance.now() - startedAt), ...outcome };
}
