/** Every operation of the product, by the context that serves it, in the order of the API reference. */
import { customerViewOperations } from "./customer-view/operations.ts";
import { customerOperations } from "./customers/operations.ts";
import type { AnyOperation } from "./kernel/operation.ts";
import { loyaltyOperations } from "./loyalty/operations.ts";
import { tenantOperations } from "./tenants/operations.ts";
import { eventOperations } from "./webhooks/event-operations.ts";
import { webhookOperations } from "./webhooks/operations.ts";

/** The key is the name of the Lambda in `functions/`. */
export const contexts = {
  customers: customerOperations,
  "customer-view": customerViewOperations,
  loyalty: loyaltyOperations,
  events: eventOperations,
  webhooks: webhookOperations,
  tenants: tenantOperations,
} satisfies Record<string, readonly AnyOperation[]>;

export const operations: readonly AnyOperation[] = Object.values(contexts).flat();
