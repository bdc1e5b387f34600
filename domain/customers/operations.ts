import { batchRecordCustomerEvents } from "./batch-record-customer-events.ts";
import { batchUpsertCustomers } from "./batch-upsert-customers.ts";
import { createCustomer } from "./create-customer.ts";
import { getCustomerByIdentity, upsertCustomerByIdentity } from "./customer-by-identity.ts";
import { deleteCustomer } from "./delete-customer.ts";
import { getCustomer } from "./get-customer.ts";
import { getCustomerTimeline } from "./get-customer-timeline.ts";
import { linkIdentity } from "./link-identity.ts";
import { listCustomerChanges } from "./list-customer-changes.ts";
import { listCustomers } from "./list-customers.ts";
import { unlinkIdentity, verifyIdentity } from "./own-identity.ts";
import { recordCustomerEvent } from "./record-customer-event.ts";
import { restoreCustomer } from "./restore-customer.ts";
import { updateCustomer } from "./update-customer.ts";

export const customerOperations = [
  createCustomer,
  listCustomers,
  getCustomer,
  updateCustomer,
  deleteCustomer,
  restoreCustomer,
  getCustomerByIdentity,
  upsertCustomerByIdentity,
  batchUpsertCustomers,
  linkIdentity,
  unlinkIdentity,
  verifyIdentity,
  recordCustomerEvent,
  batchRecordCustomerEvents,
  getCustomerTimeline,
  listCustomerChanges,
];
