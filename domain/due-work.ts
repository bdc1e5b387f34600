/** Every kind of due work of the product. */
import { purgeCustomer } from "./customers/purge-customer.ts";
import type { AnyDueWork } from "./kernel/due-work.ts";
import { expireApiKey } from "./tenants/expire-api-key.ts";

export const dueWork: readonly AnyDueWork[] = [purgeCustomer, expireApiKey];
