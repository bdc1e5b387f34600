/** What API Gateway does on AWS: takes HTTP requests, finds the Lambda of the route and calls it with an event. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { problemResponse } from "../shell/answer.ts";
import { httpHandler } from "../shell/http-handler.ts";
import { log } from "../shell/log.ts";
import { newId } from "../shell/random.ts";
import { routerOf } from "../shell/router.ts";
import { gatewayEvent } from "./gateway-event.ts";
import { StartFailure } from "./start-failure.ts";

type Response = APIGatewayProxyStructuredResultV2;
export type HttpHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<Response>;
export type Route = { readonly routeKey: string; readonly handler: HttpHandler };
export type Server = {
  readonly baseUrl: string;
  /** Until this is called every request is answered 503. `unmatched` takes what no route takes. */
  serve(routes: readonly Route[], unmatched: HttpHandler): void;
  /** Takes no more requests, finishes those in flight, and cuts those that still hang after five seconds. */
  stop(): Promise<void>;
};

/** API Gateway's own limit; operations have a lower one. */
const bodyBytesMax = 10 * 1024 * 1024;
const cutAfterMilliseconds = 5_000;
const starting = httpHandler(async () => {
  throw shellProblem("service_unavailable", { detail: "Clientele is starting." }, { "retry-after": "1" });
});
const tooLarge = httpHandler(async () => {
  throw shellProblem("payload_too_large", { detail: `A request holds up to ${bodyBytesMax} bytes.` });
});
/** The handlers read nothing of it; without `getRemainingTimeInMillis` middy spares a timer per request. */
const lambdaContext = { functionName: "local" } as Context;
const noParams = {};

/** Listens on this machine only. Port 0 takes a free one. */
export async function startServer(port: number): Promise<Server> {
  let find: ReturnType<typeof routerOf<Route>> = () => null;
  let fallback: Route = { routeKey: "$default", handler: starting };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log("error", "request failed", { method: request.method, error: String((error as Error).stack ?? error) });
      response.destroy();
    });
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? "/";
    const end = url.indexOf("?");
    const rawPath = end < 0 ? url : url.slice(0, end);
    const found = find(request.method ?? "", rawPath);
    const { routeKey, handler } = found?.target ?? fallback;
    const body = hasBody(request) ? await readBody(request) : undefined;
    const event = gatewayEvent(
      request,
      rawPath,
      end < 0 ? "" : url.slice(end + 1),
      { routeKey, params: found?.params ?? noParams },
      body === "too large" ? undefined : body,
    );
    send(response, await (body === "too large" ? tooLarge : handler)(event, lambdaContext));
  }
  server.on("clientError", refuseMalformed);
  await listen(server, port);
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    serve(routes, unmatched) {
      find = routerOf(routes.map((route) => [route.routeKey, route] as const));
      fallback = { routeKey: "$default", handler: unmatched };
    },
    stop: () => close(server),
  };
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", ({ code }: NodeJS.ErrnoException) =>
      reject(
        new StartFailure(
          code === "EADDRINUSE" ? `Port ${port} is in use. Choose another with --port.` : `Port ${port} cannot be used (${code}). Choose another with --port.`,
        ),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
}

async function close(server: ReturnType<typeof createServer>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  // A connection becomes idle, not closed, when its last request is answered.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => server.closeAllConnections(), cutAfterMilliseconds);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}

const hasBody = ({ headers }: IncomingMessage): boolean => headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";

/** What is over the limit is read and dropped: a client that is still sending would not see the answer on a cut connection. */
function readBody(request: IncomingMessage): Promise<Buffer | "too large"> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
      else {
        chunks = [];
        resolve("too large");
      }
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
  });
}

/** Text goes out as a string, which Node joins with the head in one write to the socket. */
function send(response: ServerResponse, { statusCode = 200, headers = {}, body, isBase64Encoded }: Response): void {
  const content = body !== undefined && isBase64Encoded ? Buffer.from(body, "base64") : body;
  if (content !== undefined) headers["content-length"] = Buffer.byteLength(content);
  response.writeHead(statusCode, headers as Record<string, string | number>).end(content);
}

/** What is not HTTP gets a problem too; there is no request that a handler could be called for. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = newId("req");
  const {
    statusCode,
    headers = {},
    body = "",
  } = problemResponse(shellProblem("invalid_input", { detail: "The request is not valid HTTP/1.1." }), "http://127.0.0.1", requestId);
  const lines = Object.entries({ ...headers, "request-id": requestId, "content-length": Buffer.byteLength(body), connection: "close" }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${statusCode} Bad Request\r\n${lines.join("")}\r\n${body}`);
}
