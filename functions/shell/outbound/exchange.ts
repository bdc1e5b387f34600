/** One HTTP request and what came of it. */
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
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
const idle = { keepAlive: true, timeout: 4_000, maxFreeSockets: 32 };
const plain = { request: http.request, agent: new http.Agent(idle) };
const secure = { request: https.request, agent: new https.Agent({ ...idle, rejectUnauthorized: true }) };

/** Never rejects. `agent` false opens a connection for this request alone. */
export function exchange(call: Call, agent?: false): Promise<Outcome> {
  const isSecure = call.target.url.protocol === "https:";
  const transport = isSecure ? secure : plain;
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let stage: Stage = "connecting";
  let isSettled = false;
  let answer: Answer | undefined;
  let socket: Socket | undefined;
  let bytesReadBefore = 0;
  let connectTimer: NodeJS.Timeout | undefined;

  const settle = (outcome: Outcome | Promise<Outcome>) => {
    isSettled = true;
    clearTimeout(timer);
    clearTimeout(connectTimer);
    resolve(outcome);
  };
  const fail = (failure: Failure) => {
    if (!isSettled) settle({ ...answer?.told(call), ...failure });
    request.destroy();
  };
  const failLate = (failure: "timeout" | "connect_timeout") => () => fail({ failure, failureDetail: lateDetails[failure] });
  const timer = setTimeout(failLate("timeout"), call.endsAt - performance.now());
`;
