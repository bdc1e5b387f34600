/** The running server, over its public API. */
import { latestSequence } from "../../../openapi/sdk/webhooks/latest-sequence.ts";
import type { WebhookEvent } from "../../../openapi/sdk/webhooks/webhook-event.ts";
import { ListenFailure } from "./failure.ts";

export type Server = { readonly baseUrl: string; readonly key: string };
export type Caller = { readonly tenant: { readonly id: string; readonly name: string }; readonly livemode: boolean; readonly scopes: readonly string[] };
export type Endpoint = { readonly id: string; readonly url: string; readonly metadata: Readonly<Record<string, string>> };
type Page<Item> = { readonly data: readonly Item[]; readonly nextCursor?: string };
type Problem = { readonly code?: string; readonly title?: string; readonly detail?: string; readonly errors?: readonly { detail: string }[] };

const timeoutMilliseconds = 30_000;

/** Throws ListenFailure when nobody answers, and when the answer is a refusal. */
async function call<Answer>({ baseUrl, key }: Server, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMilliseconds),
  }).catch(({ name, cause }: Error & { cause?: { code?: string } }) => {
    throw new ListenFailure(`No Clientele at ${baseUrl} (${cause?.code ?? name}). Start it with "npm start", or name another with --base-url.`);
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as Answer;
  throw new ListenFailure(refusal(response.status, answer as Problem | undefined, `${method} ${baseUrl}${path}`));
}

function refusal(status: number, problem: Problem | undefined, request: string): string {
  if (!problem?.code) return `${request} answers ${status}. Is it a Clientele?`;
  const { code, title, detail, errors = [] } = problem;
  const why = [title, detail, ...errors.map((error) => error.detail)].filter(Boolean).join(" ");
  const what = status === 401 || status === 403 ? "The key is refused" : `${request} is refused`;
  return `${what}: ${why} (${status} ${code})`;
}

/** Whom the key stands for. Throws ListenFailure also when it lacks one of the scopes, so that nothing is begun that cannot be ended. */
export async function whoAmI(server: Server, neededScopes: readonly string[]): Promise<Caller> {
  const caller: Caller = await call(server, "GET", "/v1/me");
  const missing = neededScopes.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length > 0) throw new ListenFailure(`The key lacks the scope ${missing.join(" and ")}.`);
  return caller;
}

export const createEndpoint = (server: Server, settings: object): Promise<Endpoint & { readonly secret: string }> =>
  call(server, "POST", "/v1/webhook-endpoints", settings);

export const deleteEndpoint = (server: Server, { id }: { id: string }): Promise<void> => call(server, "DELETE", `/v1/webhook-endpoints/${id}`);

export const listEndpoints = (server: Server): AsyncIterable<Endpoint> => items<Endpoint>(server, "/v1/webhook-endpoints?limit=100");

/** All events after `sequence`, oldest first. */
export const eventsAfter = (server: Server, sequence: number): AsyncIterable<WebhookEvent> =>
  items<WebhookEvent>(server, `/v1/events?limit=100&afterSequence=${sequence}`);

export const lastSequence = (server: Server): Promise<number> =>
  latestSequence(async (sequence) => {
    const { data } = await call<Page<WebhookEvent>>(server, "GET", `/v1/events?limit=1&afterSequence=${sequence}`);
    return data[0]?.sequence;
  });

async function* items<Item>(server: Server, path: string): AsyncIterable<Item> {
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const page: Page<Item> = await call(server, "GET", cursor ? `${path}&cursor=${encodeURIComponent(cursor)}` : path);
    yield* page.data;
    cursor = page.nextCursor;
  }
}
