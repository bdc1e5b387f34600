/** Why an attempt came to no (whole) answer, in words that a webhook consumer can act on. */
export type FailureKind =
  | "timeout" // no whole answer in time
  | "connect_timeout" // no connection in time, name look-up and TLS handshake included
  | "connection_refused"
  | "connection_reset" // closed before the answer was complete
  | "tls_error" // no certificate that is trusted for the host, or no handshake at all
  | "dns_error" // the name has no address, or its name servers do not answer
  | "address_not_allowed" // the URL, or an address it resolves to, is none that may be called
  | "invalid_answer" // not HTTP
  | "other";
export type Failure = { failure: FailureKind; failureDetail: string };

/** How far the connection had come. */
export type Stage = "connecting" | "handshake" | "connected";

export class OutboundError extends Error {
  readonly failure: FailureKind;
  constructor(failure: FailureKind, detail: string) {
    super(detail);
    this.failure = failure;
  }
}

const failureByCode: Record<string, FailureKind> = {
  ECONNREFUSED: "connection_refused",
  ECONNRESET: "connection_reset",
  EPIPE: "connection_reset",
};
const detailCharactersMax = 200;

/** `reason` is what OpenSSL says without the place in its source; after a semicolon Node gives advice to whoever runs it. */
export function failureOf(error: NodeJS.ErrnoException & { reason?: string }, stage: Stage): Failure {
  const [said = ""] = (error.reason || error.message || error.code || "The request failed.").split(";");
  return { failure: kindOf(error, stage), failureDetail: said.slice(0, detailCharactersMax) };
}

function kindOf(error: NodeJS.ErrnoException, stage: Stage): FailureKind {
  if (error instanceof OutboundError) return error.failure;
  if (stage === "handshake") return "tls_error";
  const { code = "" } = error;
  if (code === "ETIMEDOUT" && stage === "connecting") return "connect_timeout";
  return code.startsWith("HPE_") ? "invalid_answer" : (failureByCode[code] ?? "other");
}
