import { getCustomerView } from "./get-customer-view.ts";

/** Above the other contexts: what is known of a customer in all of them. Apart, so that none of them carries the others. */
export const customerViewOperations = [getCustomerView];
