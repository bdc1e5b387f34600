/** A webhook consumer that misbehaves as it is told, on a free loopback port, over real HTTP. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { selfSignedCertificate } from "./self-signed.ts";

export type ReceivedRequest = { method: string; path: string; headers: Record<string, string>; body: string; receivedAt: Date };

/** An answer (200 with an empty body unless told otherwise), or what comes instead of one. */
export type Behaviour =
  | { status?: number; headers?: Record<string, string>; body?: string; afterMilliseconds?: number }
  | "hang" // takes the request and never answers
  | "hang mid-body" // headers and a part of the body, then silence
  | "reset" // takes the request and cuts the connection
  | "reset mid-body" // headers and a part of the body, then cuts the connection
  | "end mid-body" // the same, but closes it in order
  | "huge" // 10 MB
  | "not http";

export type Receiver = {
  /** `http://127.0.0.1:<port>`, or `https://localhost:<port>`; without a slash at its end. */
  url: string;
  port: number;
  /** Every request that arrived whole, in order. */
  requests: ReceivedRequest[];
  /** How many connections were opened, a TLS handshake that fails included. */
  connections: () => number;
  /** Bytes of bodies that the connections took from this receiver, its huge answers included. */
  bytesSent: () => number;
  /** From now on, each behaviour once in turn and the last one for good: for a path, or for every path that was told nothing. */
  behave: (...args: [path: `/${string}`, ...Behaviour[]] | Behaviour[]) => void;
  /** Closes the port and every connection: whoever connects is refused. */
  refuse: () => Promise<void>;
  /** Opens the same port again. */
  reopen: () => Promise<void>;
  stop: () => Promise<void>;
};

const everyPath = "*";

/** With `tls`, its certificate is `cert`, which signs itself. Port 0 takes a free one. */
export async function startReceiver({ tls, port: asked = 0 }: { tls?: { key: string; cert: string } | "self-signed"; port?: number } = {}): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const behaviours = new Map<string, Behaviour[]>();
  const sockets: Socket[] = [];

  const next = (path: string): Behaviour => {
    const queue = behaviours.get(path) ?? behaviours.get(everyPath) ?? [];
    return (queue.length > 1 ? queue.shift() : queue[0]) ?? {};
  };
  const listener: RequestListener = async (request, response) => {
    const received = await readRequest(request).catch(() => undefined);
    if (!received) return;
    requests.push(received);
    await act(next(received.path.replace(/\?.*/, "")), response);
  };
  const server: Server = tls ? createSecureServer(tls === "self-signed" ? selfSignedCertificate() : tls, listener) : createServer(listener);
  // Kept connections stay open for as long as the sender likes, so that it is the sender's care that is tested.
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket: Socket) => sockets.push(socket));

  const listen = (port: number) => new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await listen(asked);
  const { port } = server.address() as AddressInfo;

  return {
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => sockets.length,
    bytesSent: () => sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
    behave: (...args) => {
      const [path] = args;
      if (typeof path === "string" && path.startsWith("/")) behaviours.set(path, args.slice(1) as Behaviour[]);
      else behaviours.set(everyPath, args as Behaviour[]);
    },
    refuse: close,
    reopen: () => listen(port),
    stop: async () => {
      if (server.listening) await close();
    },
  };
}

async function readRequest(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(chunks).toString("utf8"),
    receivedAt: new Date(),
  };
}

async function act(behaviour: Behaviour, response: ServerResponse): Promise<void> {
  if (behaviour === "hang") return;
  if (behaviour === "reset") return void response.socket?.resetAndDestroy();
  if (behaviour === "not http") return void response.socket?.end("220 mail.example.com ESMTP\r\n");
  if (behaviour === "huge") return sendHuge(response);
  if (behaviour === "hang mid-body" || behaviour === "reset mid-body" || behaviour === "end mid-body") {
    response.writeHead(200, { "content-length": "1000" });
    response.write("a part");
    // A reset may overtake what was written just before it.
    if (behaviour === "reset mid-body") setTimeout(() => response.socket?.resetAndDestroy(), 20);
    if (behaviour === "end mid-body") response.socket?.end();
    return;
  }
  const { status = 200, headers, body = "", afterMilliseconds } = behaviour;
  if (afterMilliseconds) await new Promise((resolve) => setTimeout(resolve, afterMilliseconds).unref());
  response.writeHead(status, { "content-length": String(Buffer.byteLength(body)), ...headers }).end(body);
}

/** Chunk by chunk and only as fast as it is taken, so that what was sent is what the sender took. */
async function sendHuge(response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = Array(160).fill(Buffer.alloc(64 * 1024, "x"));
  response.writeHead(200, { "content-type": "text/plain", "content-length": String(10 * 1024 * 1024) });
  await pipeline(Readable.from(chunks), response).catch(() => {});
}
