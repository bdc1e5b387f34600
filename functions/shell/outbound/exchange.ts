/** One HTTP request and what came of it. */
import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { boundedHeaders, boundedText } from "./answer.ts";
import { type Failure, failureOf, OutboundError, type Stage } from "./failure.ts";
import type { Resolve } from "./resolve.ts";
import { privateAddress, type Target } from "./target.ts";

/**
 * `status`, `headers` and `body` are there when the receiver answered. `failure` is there when it did not; with a status
 * beside it, the answer broke off after its headers (`timeout`, `connection_reset`, `invalid_answer`).
 */
export type Outcome = { status?: number; headers?: Record<string, string>; body?: string } & Partial<Failure>;

export type Call = {
  target: Target;
  headers: Record<string, string>;
  body: string;
  /** On the clock of `performance.now`. */
  endsAt: number;
  connectTimeoutMilliseconds: number;
  responseBytesKept: number;
  responseBytesMax: number;
  resolve: Resolve;
};

/**
 * Sockets in use are bounded by whoever posts; a bound here would let hanging endpoints of a host delay the others of it.
 * Idle ones are closed after 4 s, before most servers close them. Certificates are checked whatever the environment says.
 */
const kept = { keepAlive: true, timeout: 4_000, maxFreeSockets: 256, autoSelectFamily: true };
const fresh = { keepAlive: false, autoSelectFamily: true };
const plain = { request: http.request, kept: new http.Agent(kept), fresh: new http.Agent(fresh) };
const secure = {
  request: https.request,
  kept: new https.Agent({ ...kept, rejectUnauthorized: true }),
  fresh: new https.Agent({ ...fresh, rejectUnauthorized: true }),
};

/** Never rejects. */
export async function exchange(call: Call): Promise<Outcome> {
  try {
    return await new Exchange(call, "kept").outcome;
  } catch (error) {
    // Node refuses headers that cannot be sent before it opens a connection.
    return failureOf(error as Error, "connecting");
  }
}

class Exchange {
  readonly outcome: Promise<Outcome>;
  readonly #call: Call;
  readonly #request: ClientRequest;
  readonly #timeout: NodeJS.Timeout;
  readonly #resolve: (outcome: Outcome | Promise<Outcome>) => void;
  #connectTimeout: NodeJS.Timeout | undefined;
  #stage: Stage = "connecting";
  #isSettled = false;
  #bytesReadBefore = 0;
  #answer: IncomingMessage | undefined;
  #bodyStart: Buffer[] = [];
  #bodyBytes = 0;

  constructor(call: Call, connection: "kept" | "fresh") {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#call = call;
    const { url } = call.target;
    const transport = url.protocol === "https:" ? secure : plain;
    this.#request = transport.request(url, { method: "POST", headers: call.headers, lookup: checkedLookup(call), agent: transport[connection] });
    this.#timeout = setTimeout(() => this.#fail(late("timeout")), call.endsAt - performance.now());
    this.#request
      .on("socket", (socket) => this.#watch(socket))
      .on("response", (answer) => this.#read(answer))
      .on("error", (error) => this.#failOrRepeat(error))
      .on("close", () => this.#answer || this.#fail({ failure: "invalid_answer", failureDetail: "The connection ended without an answer." }))
      .end(call.body);
  }

  #watch(socket: Socket): void {
    this.#bytesReadBefore = socket.bytesRead;
    if (this.#request.reusedSocket) {
      this.#stage = "connected";
      return;
    }
    const { connectTimeoutMilliseconds, target } = this.#call;
    this.#connectTimeout = setTimeout(() => this.#fail(late("connect_timeout")), connectTimeoutMilliseconds);
    const isSecure = socket instanceof TLSSocket;
    socket.once("connect", () => {
      // The last line: no byte has left yet. What was looked up and what was written literally has been checked before.
      if (socket.remoteAddress && !target.accepts(socket.remoteAddress)) this.#fail(failureOf(addressNotAllowed(), this.#stage));
      this.#stage = "handshake";
      if (!isSecure) this.#connected();
    });
    if (isSecure) socket.once("secureConnect", () => this.#connected());
  }

  #connected(): void {
    this.#stage = "connected";
    clearTimeout(this.#connectTimeout);
  }

  #read(answer: IncomingMessage): void {
    const { responseBytesKept, responseBytesMax } = this.#call;
    this.#answer = answer;
    answer
      .on("data", (chunk: Buffer) => {
        if (this.#bodyBytes < responseBytesKept) this.#bodyStart.push(chunk);
        this.#bodyBytes += chunk.length;
        if (this.#bodyBytes > responseBytesMax) this.#end();
      })
      .on("end", () => this.#end())
      .on("error", (error) => this.#fail(failureOf(error, this.#stage)));
  }

  /** The connection is kept only when both sides have said everything. */
  #end(): void {
    this.#settle(this.#told());
    if (!this.#answer?.complete || !this.#request.writableFinished) this.#request.destroy();
  }

  #told(): Outcome {
    if (!this.#answer) return {};
    const { statusCode, headers } = this.#answer;
    return { status: statusCode, headers: boundedHeaders(headers), body: boundedText(Buffer.concat(this.#bodyStart), this.#call.responseBytesKept) };
  }

  #fail(failure: Failure): void {
    if (this.#isSettled) return;
    this.#settle({ ...this.#told(), ...failure });
    this.#request.destroy();
  }

  /** A kept connection that the receiver closed before it answered a byte: most likely it had closed before it could see the request. */
  #failOrRepeat(error: NodeJS.ErrnoException): void {
    const isClosed = error.code === "ECONNRESET" || error.code === "EPIPE";
    const wasKept = this.#request.reusedSocket && this.#request.socket?.bytesRead === this.#bytesReadBefore;
    if (!this.#isSettled && isClosed && wasKept) this.#settle(new Exchange(this.#call, "fresh").outcome);
    else this.#fail(failureOf(error, this.#stage));
  }

  #settle(outcome: Outcome | Promise<Outcome>): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    clearTimeout(this.#timeout);
    clearTimeout(this.#connectTimeout);
    this.#resolve(outcome);
  }
}

const late = (failure: "timeout" | "connect_timeout"): Failure => ({
  failure,
  failureDetail: failure === "timeout" ? "No complete answer in time." : "No connection in time.",
});

const addressNotAllowed = () => new OutboundError("address_not_allowed", privateAddress.detail);

/** Hands a name's addresses to the connection only when every one of them may be called. Node does not call it for literals: `judgeTarget` has checked them. */
function checkedLookup({ target, resolve }: Call): LookupFunction {
  return (_hostname, _options, callback) => {
    addressesOf(target, resolve).then(
      (addresses) =>
        callback(
          null,
          addresses.map((address) => ({ address, family: isIP(address) })),
        ),
      (error) => callback(error, []),
    );
  };
}

async function addressesOf(target: Target, resolve: Resolve): Promise<readonly string[]> {
  const addresses = target.addresses ?? (await resolve(target.hostname).catch(notResolved));
  if (addresses.length === 0) return notResolved();
  if (!addresses.every(target.accepts)) throw addressNotAllowed();
  return addresses;
}

function notResolved(error?: NodeJS.ErrnoException): never {
  throw new OutboundError("dns_error", `The name of the host does not resolve${error?.code ? ` (${error.code})` : ""}.`);
}
