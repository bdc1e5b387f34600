/** Listening by webhook: an endpoint of its own on this machine, while it runs. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { WebhookVerificationError } from "../../../openapi/sdk/webhooks/verification-error.ts";
import { type WebhookVerifier, webhookVerifier } from "../../../openapi/sdk/webhooks/verify.ts";
import { type Caller, createEndpoint, deleteEndpoint, type Endpoint, listEndpoints, type Server } from "./api.ts";
import { forward } from "./forward.ts";
import type { Options } from "./options.ts";
import type { Print } from "./print.ts";

export type Listening = { readonly secret: string; readonly endpointId?: string; stop(): Promise<void> };

/** By this an endpoint is recognised whose listener was killed. */
const ownMetadata = { madeBy: "npm run listen" };
const countedEvents = 10_000;

/** Throws ListenFailure. Once it resolves, every event of the wanted types is printed, until `stop` removes the endpoint. */
export async function receiveDeliveries(server: Server, caller: Caller, options: Options, print: Print): Promise<Listening> {
  await removeAbandoned(server);
  // A delivery may arrive before the answer that has the secret.
  const verifier = Promise.withResolvers<WebhookVerifier>();
  const handle = receiveWith(options, print);
  const receiver = await startReceiver(async (headers, body) => handle(await verifier.promise, headers, body));
  try {
    const endpoint = await createEndpoint(server, {
      url: receiver.url,
      eventTypes: options.eventTypes,
      description: "npm run listen",
      metadata: ownMetadata,
    });
    verifier.resolve(
      webhookVerifier({
        secrets: [endpoint.secret],
        publicKeys: { from: `${server.baseUrl}/.well-known/jwks.json`, tenantId: caller.tenant.id, livemode: caller.livemode },
      }),
    );
    return {
      secret: endpoint.secret,
      endpointId: endpoint.id,
      async stop() {
        await deleteEndpoint(server, endpoint);
        receiver.stop();
      },
    };
  } catch (error) {
    receiver.stop();
    throw error;
  }
}

/** Answers what the integrator's server answers, so that retries can be seen; 502 when it does not, as a proxy would. */
function receiveWith({ forwardTo }: Options, print: Print) {
  const attempts = new Map<string, number>();
  return async (verifier: WebhookVerifier, headers: IncomingHttpHeaders, body: Buffer): Promise<number> => {
    try {
      const event = await verifier.verify(headers, body);
      const attempt = (attempts.get(event.id) ?? 0) + 1;
      if (attempts.size === countedEvents) attempts.clear();
      attempts.set(event.id, attempt);
      const forwarded = forwardTo ? await forward(forwardTo, { headers: deliveryHeaders(headers), body }) : undefined;
      print.event({ event, attempt, ...(forwarded && { forwarded }) });
      return forwarded ? (forwarded.status ?? 502) : 204;
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      print.refused(error.code, error.message);
      return error.code === "keys_unavailable" ? 503 : 400;
    }
  };
}

const deliveryHeaders = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /^(?:webhook-.+|content-type|user-agent)$/.test(name))) as Record<string, string>;

/** On a free port of this machine only. */
async function startReceiver(handle: (headers: IncomingHttpHeaders, body: Buffer) => Promise<number>): Promise<{ url: string; stop(): void }> {
  const server = createServer(async (request, response) => {
    try {
      response.writeHead(await handle(request.headers, await buffer(request))).end();
    } catch (error) {
      console.error(error);
      response.writeHead(500).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Endpoints of listeners that were killed: nobody answers at their port any more. */
async function removeAbandoned(server: Server): Promise<void> {
  const own: Endpoint[] = [];
  for await (const endpoint of listEndpoints(server)) if (endpoint.metadata["madeBy"] === ownMetadata.madeBy) own.push(endpoint);
  for (const endpoint of own) if (!(await answers(new URL(endpoint.url)))) await deleteEndpoint(server, endpoint);
}

function answers({ hostname, port }: URL): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(Number(port), hostname);
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
