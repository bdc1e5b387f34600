/** Stable reasons of a refusal, in the order in which they are looked for. */
export type VerificationFailure =
  /** `webhook-id`, `webhook-timestamp` or `webhook-signature` was not sent. */
  | "missing_header"
  /** The id or the timestamp is none, or no signature of the kind that is needed is well-formed. */
  | "malformed_header"
  | "malformed_signature"
  /** The timestamp is further from this machine's clock than the tolerance: a late repeat, or a wrong clock. */
  | "timestamp_too_old"
  | "timestamp_too_new"
  /** The public keys could not be read. Not the sender's fault: answer 5xx, and the delivery comes again. */
  | "keys_unavailable"
  /** No signature fits: another secret, or something was changed on the way. */
  | "signature_mismatch"
  /** Signed, but not an event in JSON. */
  | "malformed_body"
  /** Signed by this deployment, but for another tenant, or for test data where live data is expected. */
  | "wrong_tenant"
  | "wrong_mode";

/** A delivery that must not be believed. Answer 400, and do nothing with its body. */
export class WebhookVerificationError extends Error {
  readonly code: VerificationFailure;
  constructor(code: VerificationFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WebhookVerificationError";
    this.code = code;
  }
}
