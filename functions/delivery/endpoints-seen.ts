/** Endpoints and their health as they were a moment ago, so that a busy one is not read again for each of its deliveries. */
import type { Key } from "../../domain/kernel/table.ts";
import type { EndpointRecord } from "../../domain/webhooks/endpoint.ts";
import type { Health } from "../../domain/webhooks/health.ts";
import { endpointKey, healthKey } from "../../domain/webhooks/keys.ts";
import { getTogether } from "./together.ts";

export type SeenEndpoint = { readonly endpoint: EndpointRecord | undefined; readonly health: Health | undefined };

/** So long may an endpoint that has just been disabled or changed be taken for what it was. */
const seenMilliseconds = 200;
const seenMax = 10_000;
const seen = new Map<string, SeenEndpoint & { until: number }>();

/** The endpoints, and whatever else stands under `keys`, in one round trip. */
export async function loadWithEndpoints(partition: string, endpointIds: ReadonlySet<string>, keys: readonly Key[]) {
  const now = Date.now();
  const nameOf = (id: string) => `${partition} ${id}`;
  const known = new Map<string, SeenEndpoint>();
  const unknown = [...endpointIds].filter((id) => {
    const one = seen.get(nameOf(id));
    if (one && one.until > now) known.set(id, one);
    return !known.has(id);
  });
  const found = await getTogether(partition, [...unknown.flatMap((id): Key[] => [endpointKey(id), healthKey(id)]), ...keys]);
  for (const [index, id] of unknown.entries()) {
    const one = { endpoint: found[2 * index] as EndpointRecord | undefined, health: found[2 * index + 1] as Health | undefined };
    known.set(id, one);
    if (seen.size >= seenMax) seen.delete(seen.keys().next().value as string);
    seen.set(nameOf(id), { ...one, until: now + seenMilliseconds });
  }
  return { endpoints: known, documents: found.slice(2 * unknown.length) };
}

/** After this process has written an endpoint or its health. */
export const forgetEndpoint = (partition: string, endpointId: string): void => {
  seen.delete(`${partition} ${endpointId}`);
};
