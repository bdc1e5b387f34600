import * as z from "zod";
import { customerEventExample, TouchpointSummary } from "../customers/events.ts";
import { Customer, customerExample } from "../customers/model.ts";
import { loadCollection } from "../customers/store.ts";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { CustomerWallet, customerWalletExample } from "../loyalty/model.ts";
import { type WalletLink, walletLinkPrefix, walletsOf } from "../loyalty/store.ts";

const CustomerView = z
  .object({ object: z.literal("customer_view"), customer: Customer, touchpoints: TouchpointSummary, wallets: z.array(CustomerWallet) })
  .meta({ id: "CustomerView" });

export const getCustomerView = operation({
  id: "getCustomerView",
  summary: "Get the 360 view of a customer",
  description:
    "The profile with its identities, how often and where the customer was met, the last touchpoint per channel, what was bought in all, and the wallets with tier and membership as they are now. Strongly consistent; one round trip, two for members, whatever the length of the history.",
  method: "get",
  path: "/v1/customers/{customerId}/view",
  permission: "customers:read",
  params: z.object({ customerId: idOf("cus") }),
  success: {
    status: 200,
    output: CustomerView,
    example: {
      object: "customer_view",
      customer: customerExample,
      touchpoints: {
        count: 1,
        countByType: { purchase: 1 },
        lastByChannel: {
          store: {
            id: customerEventExample.id,
            type: "purchase",
            occurredAt: customerEventExample.occurredAt,
            storeCode: "PAR-07",
            amount: customerEventExample.amount,
          },
        },
        purchaseTotals: [{ amountMinor: 4990, currency: "EUR" }],
      },
      wallets: [customerWalletExample],
    },
  },
  problems: { customer_not_found: { status: 404, title: "There is no such customer." } },
  async run({ table, now, fail }, { params: { customerId } }) {
    const { customer, touchpoints, links } = (await loadCollection(table, customerId, now)) ?? fail("customer_not_found");
    return plan({ object: "customer_view" as const, customer, touchpoints, wallets: await walletsOf(table, links<WalletLink>(walletLinkPrefix), now) });
  },
});
