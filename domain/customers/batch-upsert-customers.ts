import * as z from "zod";
import { batchOperation } from "../kernel/batch.ts";
import { upsertCustomerByIdentity } from "./customer-by-identity.ts";
import { CustomerPatch, customerExample, IdentityLookup, newCustomerExample } from "./model.ts";

const Item = z
  .strictObject({
    identity: IdentityLookup,
    customer: CustomerPatch,
  })
  .meta({ id: "CustomerUpsert" });

export const batchUpsertCustomers = batchOperation({
  id: "batchUpsertCustomers",
  summary: "Create or change up to 100 customers",
  description:
    "Each item is an upsert by identity, atomic by itself; a refused item refuses nobody else. Items with one identity, spelled alike, are done in request order. With an Idempotency-Key a repeat answers what was done and does the rest. A dry run judges each item by itself.",
  method: "post",
  path: "/v1/customers/batch",
  permission: "customers:write",
  problems: {},
  item: upsertCustomerByIdentity,
  itemSchema: Item,
  itemExample: { identity: { type: "external_id", value: "1042" }, customer: { displayName: newCustomerExample.displayName } },
  itemOutput: "customer",
  outputExample: customerExample,
  itemInput: ({ identity: { type, value }, customer }) => ({
    params: { identityType: type, identityValue: value },
    query: {},
    body: customer,
    lane: `${type} ${value.toLowerCase()}`,
  }),
});
