/** Requests that say more than the sample: what a sample finds done already, a list that is full, a till's second purchase. */
import { randomUUID } from "node:crypto";
import { type Answer, call } from "../../test/http-client.ts";
import { type Sample, send } from "../../test/sample-request.ts";
import type { Prepare } from "./measure-operation.ts";

type Variant = { readonly operation: string; readonly name: string; readonly prepare: Prepare };

const customersListed = 50;
const entriesListed = 20;

const succeeded = ({ status, body }: Answer): Answer => {
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return { status, body, headers: new Headers() };
};
const ask = async (sample: Sample, method: string, path: string, body?: object) =>
  succeeded(await call(sample.key, method, path, body && { body })).body as { id: string };
const bodyOf = (sample: Sample) => sample.body as Record<string, unknown>;
const withBody =
  (change: () => object): Prepare =>
  async (sample) => ({ ...sample, body: { ...bodyOf(sample), ...change() } });
const newReference = () => ({ reference: `order-${randomUUID()}` });

/** Another one has been made before with the same body. */
async function again(sample: Sample): Promise<Sample> {
  succeeded(await send(sample));
  return { ...sample, body: { ...bodyOf(sample), ...newReference() } };
}

async function purchase(sample: Sample): Promise<Sample> {
  const { programId, points: _, ...member } = bodyOf(sample);
  await ask(sample, "post", "/v1/earning-rules", { programId, name: "A point for every euro", formula: { kind: "rate", points: 1 } });
  const amount = { amountMinor: 7450, currency: "EUR" };
  return again({ ...sample, body: { programId, ...member, purchase: { amount, occurredAt: new Date().toISOString() } } });
}

async function fullList(sample: Sample): Promise<Sample> {
  for (let count = 0; count < customersListed; count++) await ask(sample, "post", "/v1/customers", { displayName: "Ada Lovelace" });
  return { ...sample, path: `${sample.path}?limit=${customersListed}` };
}

async function longTimeline(sample: Sample): Promise<Sample> {
  const touchpoint = { type: "purchase", channel: "store", occurredAt: new Date().toISOString() };
  for (let count = 0; count < entriesListed; count++) await ask(sample, "post", sample.path.replace(/timeline$/, "events"), touchpoint);
  return { ...sample, path: `${sample.path}?limit=${entriesListed}` };
}

const after =
  (method: string, pathOf: (path: string) => string): Prepare =>
  async (sample) => {
    await ask(sample, method, pathOf(sample.path));
    return sample;
  };

export const purchaseAgain = { operation: "earnPointsForCustomer", name: "earnPointsForCustomer, a purchase", prepare: purchase } as const;
/** Ten members of one tenant buy at the same moment: the consumers of the stream share what they do, as they do for a busy tenant. */
export const purchasesTogether = { operation: "earnPointsForCustomer", name: "earnPointsForCustomer, a purchase, ten at once", samples: tenMembers } as const;
const membersAtOnce = 10;
async function tenMembers(sample: Sample): Promise<[Sample, ...Sample[]]> {
  const first = await purchase(sample);
  const all: [Sample, ...Sample[]] = [first];
  while (all.length < membersAtOnce) {
    const { id: customerId } = await ask(sample, "post", "/v1/customers", {});
    all.push(await again({ ...first, body: { ...bodyOf(first), customerId, ...newReference() } }));
  }
  return all;
}
export const pointsOnly = {
  operation: "redeemPoints",
  name: "redeemPoints, points only",
  prepare: async (sample: Sample) => ({ ...sample, body: { points: 10, ...newReference() } }),
} as const;

export const variants: readonly Variant[] = [
  { operation: "listCustomers", name: `listCustomers, ${customersListed}`, prepare: fullList },
  { operation: "restoreCustomer", name: "restoreCustomer, deleted", prepare: after("delete", (path) => path.replace(/\/restore$/, "")) },
  {
    operation: "upsertCustomerByIdentity",
    name: "upsertCustomerByIdentity, new",
    prepare: async (sample) => ({ ...sample, path: sample.path.replace(/[^/]+$/, `${randomUUID()}%40example.com`) }),
  },
  { operation: "upsertCustomerByIdentity", name: "upsertCustomerByIdentity, changed", prepare: withBody(() => ({ displayName: "Ada King" })) },
  { operation: "recordCustomerEvent", name: "recordCustomerEvent, new", prepare: withBody(() => ({ dedupeId: randomUUID() })) },
  { operation: "getCustomerTimeline", name: `getCustomerTimeline, ${entriesListed} entries`, prepare: longTimeline },
  { operation: "earnPointsForCustomer", name: "earnPointsForCustomer, wallet open", prepare: again },
  purchaseAgain,
  pointsOnly,
  {
    operation: "enableWebhookEndpoint",
    name: "enableWebhookEndpoint, disabled",
    prepare: after("post", (path) => path.replace(/enable$/, "disable")),
  },
  { operation: "reactivateTenant", name: "reactivateTenant, suspended", prepare: after("post", (path) => path.replace(/reactivate$/, "suspend")) },
];
