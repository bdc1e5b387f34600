/** One call of each operation of customers that is called often, and what it costs. */
import { randomUUID } from "node:crypto";
import type { Api } from "./api.ts";
import { type Consumption, consumptionOf } from "./consumption.ts";
import { customerBody, newBody } from "./population.ts";

export type Cost = { readonly operation: string } & Consumption;

const touchpoint = () => ({
  type: "purchase",
  channel: "store",
  occurredAt: new Date().toISOString(),
  amount: { amountMinor: 4990, currency: "EUR" },
  dedupeId: randomUUID(),
});

type Known = { customerId: string; email: string };

/** A customer with so many touchpoints. */
export async function customerWithHistory(api: Api, touchpoints: number): Promise<Known> {
  const email = `${randomUUID()}@example.com`;
  const { id: customerId } = await api("POST /v1/customers", { body: customerBody(email) });
  for (let count = 0; count < touchpoints; count++) await api("POST /v1/customers/{customerId}/events", { params: { customerId }, body: touchpoint() });
  return { customerId, email };
}

/** The credential is remembered from the calls that made the customer, as it is in a busy process. */
export async function costs(api: Api, { customerId, email }: Known): Promise<Cost[]> {
  const params = { customerId };
  const byEmail = (value: string) => ({ identityType: "email", identityValue: value });
  const upsert = (value: string, displayName: string) =>
    api("PUT /v1/customers/by/{identityType}/{identityValue}", { params: byEmail(value), body: { displayName } });
  const withKey = () => ({ "idempotency-key": randomUUID() });
  const calls: Record<string, () => Promise<unknown>> = {
    getCustomer: () => api("GET /v1/customers/{customerId}", { params }),
    getCustomerByIdentity: () => api("GET /v1/customers/by/{identityType}/{identityValue}", { params: byEmail(email) }),
    createCustomer: () => api("POST /v1/customers", { body: newBody() }),
    "createCustomer, with Idempotency-Key": () => api("POST /v1/customers", { body: newBody(), headers: withKey() }),
    updateCustomer: () => api("PATCH /v1/customers/{customerId}", { params, body: { displayName: "Ada" } }),
    "updateCustomer, with Idempotency-Key": () => api("PATCH /v1/customers/{customerId}", { params, body: { displayName: "Ada King" }, headers: withKey() }),
    "upsertCustomerByIdentity, new": () => upsert(`${randomUUID()}@example.com`, "Ada"),
    "upsertCustomerByIdentity, changed": () => upsert(email, "Ada Lovelace"),
    "upsertCustomerByIdentity, unchanged": () => upsert(email, "Ada Lovelace"),
    recordCustomerEvent: () => api("POST /v1/customers/{customerId}/events", { params, body: touchpoint() }),
    getCustomerView: () => api("GET /v1/customers/{customerId}/view", { params }),
    "getCustomerTimeline, 20 entries": () => api("GET /v1/customers/{customerId}/timeline", { params, query: "limit=20" }),
    "listCustomers, 50": () => api("GET /v1/customers", { query: "limit=50" }),
  };
  const all: Cost[] = [];
  for (const [operation, call] of Object.entries(calls)) all.push({ operation, ...(await consumptionOf(call)) });
  return all;
}
