import type { DueWork } from "../kernel/due-work.ts";
import { remove } from "../kernel/table.ts";
import { collectionPk } from "./keys.ts";
import type { CustomerRecord } from "./model.ts";
import { isPurged } from "./store.ts";

/** The profile goes last: what does not fit into one transaction is found again at the next sweep. */
const collectedAtOnce = 99;

export const purgeCustomer: DueWork<CustomerRecord> = {
  kind: "purge_customer",
  description: "Removes a deleted customer and all that is kept under it, 90 days after the deletion.",
  async run({ table, now }, at, customer) {
    if (!isPurged(customer, now)) return { changes: [] };
    const rows = await table.query({ from: "items", pk: collectionPk(customer.id), order: "ascending", limit: collectedAtOnce + 1 });
    const others = rows.filter(({ sk }) => sk !== at.sk).map(({ sk }) => remove({ pk: at.pk, sk }));
    return { changes: rows.length <= collectedAtOnce ? [...others, remove(at, customer)] : others.slice(0, collectedAtOnce) };
  },
};
