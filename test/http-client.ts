/** Calls of a running Clientele over real HTTP; whoever has started one says where it is. */
import type { Clientele } from "../functions/local/runtime.ts";

type Server = Pick<Clientele, "baseUrl" | "demo">;

let server: Server | undefined;
export const connect = (running: Server): void => {
  server = running;
};
export function connected(): Server {
  if (!server) throw new Error("No Clientele is connected.");
  return server;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape; what they expect is in their assertions.
export type Json = any;
export type Answer = { status: number; headers: Headers; body: Json };
export type CallOptions = { body?: unknown; rawBody?: string; headers?: Record<string, string> };

/** `key` undefined sends no credential. */
export async function call(key: string | undefined, method: string, path: string, { body, rawBody, headers = {} }: CallOptions = {}): Promise<Answer> {
  const text = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(connected().baseUrl + path, {
    method: method.toUpperCase(),
    headers: { ...(key && { authorization: `Bearer ${key}` }), ...(text !== undefined && { "content-type": "application/json" }), ...headers },
    ...(text !== undefined && { body: text }),
    redirect: "manual",
  });
  const answer = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer };
}

export type TenantKeys = { tenantId: string; live: string; test: string };

/** Generic suites are not to be throttled. */
const rateLimits = { readsPerSecond: 100_000, writesPerSecond: 100_000 };

/** A tenant that nobody else uses. */
export async function newTenant(settings: Record<string, unknown> = {}): Promise<TenantKeys> {
  const { status, body } = await call(connected().demo.platformKey, "post", "/v1/tenants", {
    body: { name: "Test tenant", timeZone: "Europe/Paris", currency: "EUR", locale: "fr-FR", rateLimits, ...settings },
  });
  if (status !== 201) throw new Error(`createTenant: ${status} ${JSON.stringify(body)}`);
  const [live, test] = body.apiKeys.map(({ secret }: { secret: string }) => secret);
  return { tenantId: body.tenant.id, live, test };
}

/** A live key of the tenant with these scopes only. */
export async function keyWith(tenant: TenantKeys, scopes: readonly string[], more: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await call(tenant.live, "post", "/v1/api-keys", { body: { name: "Test key", scopes, livemode: true, ...more } });
  if (status !== 201) throw new Error(`createApiKey: ${status} ${JSON.stringify(body)}`);
  return body.secret;
}

/** Asks until `found` answers something, for what is eventually consistent. */
export async function eventually<Found>(found: () => Promise<Found | undefined | false>, withinMilliseconds = 5_000): Promise<Found> {
  const end = Date.now() + withinMilliseconds;
  for (;;) {
    const answer = await found();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`Not within ${withinMilliseconds} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
