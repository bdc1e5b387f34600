/** Typed reads and writes of customers. A customer's identities and its document always move in one transaction. */
import type { TenantSettings } from "../kernel/caller.ts";
import type { EventDraft } from "../kernel/event.ts";
import { type Change, create, type Key, key, type Placement, type Reader, remove, replace } from "../kernel/table.ts";
import { noTouchpoints, type TouchpointSummary } from "./customer-event.ts";
import { type Identity, isSameIdentity, normalized } from "./identity.ts";
import { collectionPk, customerKey, customerListPk, identityKey, touchpointsKey } from "./keys.ts";
import type { Customer, CustomerRecord } from "./model.ts";

/** A customer, deleted ones too until they are purged; by the clock, however late the purge runs. */
export async function loadCustomer(table: Reader, customerId: string, now: Date): Promise<CustomerRecord | undefined> {
  const customer = await table.get(customerKey(customerId));
  return customer && !isPurged(customer, now) ? customer : undefined;
}
export const isPurged = ({ purgeAt }: CustomerRecord, now: Date): boolean => purgeAt !== undefined && Date.parse(purgeAt) <= now.getTime();

/** Where a customer's document stands, for contexts that read it with documents of their own. Check its status and `isPurged`. */
export const customerDocumentKey = customerKey;
/**
 * The id of the active customer that holds an identity, as people spell it, in one strongly consistent read. A value that
 * cannot be one is a problem of the request's body at `pointer`.
 */
export async function holderOf(
  table: Reader,
  identity: { type: string; value: string },
  settings: TenantSettings,
  pointer: string,
): Promise<string | undefined> {
  return (await table.get(identityKey(normalized(identity, settings, "body", pointer), settings.secret)))?.customerId;
}

/** The active customer that holds an identity, in two strongly consistent reads. */
export async function loadCustomerByIdentity(
  table: Reader,
  identity: { type: string; value: string },
  tenantSecret: string,
): Promise<CustomerRecord | undefined> {
  const holder = await table.get(identityKey(identity, tenantSecret));
  return holder && (await table.get(customerKey(holder.customerId)));
}

export const toCustomer = ({ listShard: _, ...customer }: CustomerRecord): Customer => customer;

/** Identities are held by active customers only: a deleted one keeps its list, but others may take them. */
const held = (customer: CustomerRecord | undefined): readonly Identity[] => (customer?.status === "active" ? customer.identities : []);
const without = (some: readonly Identity[], others: readonly Identity[]) => some.filter((one) => !others.some((other) => isSameIdentity(one, other)));
export const identitiesGained = (before: CustomerRecord | undefined, after: CustomerRecord) => without(held(after), held(before));
export const identitiesLost = (before: CustomerRecord | undefined, after: CustomerRecord) => without(held(before), held(after));

type Options = {
  tenantSecret: string;
  events: readonly EventDraft[];
  /** Ends the operation when somebody else holds an identity that `after` would take; else that is contention. */
  whenTaken?: (identity: Identity, holderId: string) => void;
};

/** The changes that make `before` into `after`: the document, the identities it takes and those it sets free. */
export function customerChanges(before: CustomerRecord | undefined, after: CustomerRecord, { tenantSecret, events, whenTaken }: Options): Change[] {
  const options = { placement: placementOf(after), events };
  return [
    before ? replace(customerKey(after.id), before, after, options) : create(customerKey(after.id), after, options),
    ...identitiesGained(before, after).map((identity) =>
      create(
        identityKey(identity, tenantSecret),
        { customerId: after.id },
        // Held by the customer itself: somebody has just done the same, and the next try finds it done.
        whenTaken && { whenRefused: ({ customerId }) => customerId !== after.id && whenTaken(identity, customerId) },
      ),
    ),
    // Unguarded: an identity in the list of an active customer is its own, and its document is guarded by version.
    ...identitiesLost(before, after).map((identity) => remove(identityKey(identity, tenantSecret))),
  ];
}

const placementOf = ({ id, createdAt, listShard, purgeAt }: CustomerRecord): Placement => ({
  list: { pk: customerListPk(listShard), sk: `${createdAt}#${id}` },
  ...(purgeAt && { due: { at: purgeAt, kind: "purge_customer" } }),
});

/** What other contexts keep under a customer, so that all of it is read with the customer: a link to what they know. */
export const linkKey = (customerId: string, sk: string) => key<object>(collectionPk(customerId), sk);
const linksMax = 200;
export async function collectionLinks<Link extends object>(table: Reader, customerId: string, skPrefix: string): Promise<Link[]> {
  const rows = await table.query<Link>({ from: "items", pk: collectionPk(customerId), skPrefix, order: "ascending", limit: linksMax });
  return rows.map(({ document }) => document);
}

/** A customer with what stands under it, which is small however long its history is: read in one strongly consistent round trip. */
export type Collection = { readonly customer: Customer; readonly touchpoints: TouchpointSummary; links<Link extends object>(skPrefix: string): Link[] };
export async function loadCollection(table: Reader, customerId: string, now: Date): Promise<Collection | undefined> {
  const rows = await table.query({ from: "items", pk: collectionPk(customerId), order: "ascending", limit: linksMax });
  const at = <Document extends object>({ sk }: Key<Document>) => rows.find((row) => row.sk === sk)?.document as Document | undefined;
  const customer = at(customerKey(customerId));
  if (!customer || isPurged(customer, now)) return undefined;
  const { version: _, updatedAt: _1, ...touchpoints } = at(touchpointsKey(customerId)) ?? { ...noTouchpoints, version: 0, updatedAt: "" };
  const links = <Link extends object>(skPrefix: string) => rows.filter(({ sk }) => sk.startsWith(skPrefix)).map(({ document }) => document as Link);
  return { customer: toCustomer(customer), touchpoints, links };
}
