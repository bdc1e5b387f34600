/** Wallets with a history, in the tenant of a product that runs in this process. */
import { handler as customers } from "../functions/customers.ts";
import { handler as loyalty } from "../functions/loyalty.ts";
import { type Api, apiWith } from "./api.ts";
import { seedHistory } from "./ledger-population.ts";

/** Calls of customers and of loyalty. */
export const ledgerApi = (key: string): Api => {
  const [ofCustomers, ofLoyalty] = [apiWith(key, customers), apiWith(key, loyalty)];
  return (routeKey, request) => (routeKey.includes("/v1/customers") ? ofCustomers : ofLoyalty)(routeKey, request);
};

/** A wallet in a programme of its own, with so many entries whose points have so many dates to expire on. */
export async function openWalletWith(api: Api, tenantId: string, entries: number, dates: number): Promise<string> {
  const { id: programId } = await api("POST /v1/programs", { body: { name: "Club", timeZone: "Europe/Paris" } });
  const { id: customerId } = await api("POST /v1/customers", { body: {} });
  const { id } = await api("POST /v1/wallets", { body: { customerId, programId } });
  await seedHistory(tenantId, id, entries, dates);
  return id;
}
