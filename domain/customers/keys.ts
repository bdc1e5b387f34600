/**
 * | question                                 | where                                          | order            |
 * |------------------------------------------|------------------------------------------------|------------------|
 * | a customer                               | C#<customerId> / PROFILE                       |                  |
 * | everything about a customer (360 view)   | C#<customerId> / *                             |                  |
 * | who holds this identity                  | ID#<type>#<hmac of the normalised value> / ID  |                  |
 * | all customers                            | list index CUSTOMERS#<shard>                   | createdAt, id    |
 * | was this touchpoint recorded before      | CE#<hash of customer and dedupeId> / META      |                  |
 *
 * The timeline and the changes of a customer are read from the event log (webhooks/keys.ts).
 */
import { createHash } from "node:crypto";
import { key } from "../kernel/table.ts";
import type { CustomerEvent, Touchpoints } from "./customer-event.ts";
import { identityDigest } from "./identity.ts";
import type { CustomerRecord } from "./model.ts";

export const collectionPk = (customerId: string) => `C#${customerId}`;
export const customerKey = (customerId: string) => key<CustomerRecord>(collectionPk(customerId), "PROFILE");
export const touchpointsKey = (customerId: string) => key<Touchpoints>(collectionPk(customerId), "TOUCHPOINTS");
export const identityKey = (identity: { type: string; value: string }, tenantSecret: string) =>
  key<{ customerId: string }>(`ID#${identity.type}#${identityDigest(identity, tenantSecret)}`, "ID");
export const customerListPk = (shard: number) => `CUSTOMERS#${shard}`;
/** A touchpoint with a dedupeId stands where a repeat of it would stand; one without stands under its own id. */
export const customerEventKey = (customerId: string, dedupe: { dedupeId: string } | { id: string }) =>
  key<CustomerEvent>(
    "id" in dedupe
      ? `CE#${dedupe.id}`
      : `CE#${createHash("sha256")
          .update(JSON.stringify([customerId, dedupe.dedupeId]))
          .digest("base64url")}`,
    "META",
  );
