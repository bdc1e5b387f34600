/**
 * Customer: a person or organisation the tenant serves. Identity: one key of a customer (see identity.ts).
 * Deleted: out of sight, restorable for 90 days, then purged. Touchpoint: see customer-event.ts.
 */
import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { Locale, TimeZone } from "../kernel/localization.ts";
import { patchShape } from "../kernel/merge-patch.ts";
import { recordFields } from "../kernel/revision.ts";
import { Metadata, MetadataPatch, text } from "../kernel/text.ts";
import { dayMilliseconds, Instant, InstantInput } from "../kernel/time.ts";
import { Identity, IdentityInput, IdentityType, IdentityValue, identitiesMax, identityExample } from "./identity.ts";

/** How long a deleted customer can be restored. */
export const restorableMilliseconds = 90 * dayMilliseconds;

// biome-ignore format: one word a line would hide the list.
const channels = [
  "store", "web", "app", "mini_program", "phone", "sms", "email", "letter", "fax", "wechat", "qq", "whatsapp", "messenger",
  "instagram", "facebook", "twitter", "snapchat", "wearable", "iot", "in_person", "other",
] as const;
export const Channel = z.enum(channels).meta({ id: "Channel", description: "Where a touchpoint happens." });

export const Code = text(64);
const PropertyName = text(40);
const PropertyValue = z.union([z.string().normalize("NFC").max(500), z.number(), z.boolean()]);
const atMost50 = (record: object) => Object.keys(record).length <= 50;
export const Properties = z
  .record(PropertyName, PropertyValue)
  .refine(atMost50, "At most 50 properties.")
  .meta({ id: "Properties", description: "Up to 50 typed facts: text up to 500 characters, numbers, booleans.", example: { shoeSize: 42, newsletter: true } });
const PropertiesPatch = z.record(PropertyName, PropertyValue.nullable()).nullable().meta({ id: "PropertiesPatch" });

const acquisitionShape = { channel: Channel, storeCode: Code.optional(), staffCode: Code.optional(), campaign: text(100).optional() };
const AcquisitionInput = z.strictObject({ ...acquisitionShape, at: InstantInput }).meta({ id: "AcquisitionInput" });
const Acquisition = z.object({ ...acquisitionShape, at: Instant }).meta({ id: "Acquisition" });

const profileShape = {
  kind: z.enum(["person", "organization"]).default("person"),
  displayName: text(200).optional(),
  givenName: text(100).optional(),
  familyName: text(100).optional(),
  locale: Locale.optional(),
  timeZone: TimeZone.optional(),
  birthDate: z.iso.date().optional().meta({ description: "YYYY-MM-DD.", example: "1990-12-10" }),
  tags: z.array(text(50)).max(50).default([]).meta({ description: "Up to 50 labels." }),
  properties: Properties.default({}),
  preferredChannel: Channel.optional(),
  acquisition: AcquisitionInput.optional(),
  metadata: Metadata.default({}),
};

/** How a request names a customer by one of its identities. */
export const IdentityLookup = z.strictObject({ type: IdentityType, value: IdentityValue }).meta({ id: "IdentityLookup" });

/** Every field that a customer's profile may have, without its identities. */
export const Profile = z.strictObject(profileShape);
const identities = z.array(IdentityInput).max(identitiesMax).meta({ description: "Up to 20. Each (type, value) belongs to one customer of the tenant." });
export const NewCustomer = z.strictObject({ ...profileShape, identities: identities.default([]) }).meta({ id: "NewCustomer" });
export const CustomerPatch = z
  .strictObject({ ...patchShape(profileShape), properties: PropertiesPatch.optional(), metadata: MetadataPatch.optional(), identities: identities.optional() })
  .meta({ id: "CustomerPatch" });

export const Customer = z
  .object({
    id: idOf("cus"),
    object: z.literal("customer"),
    ...Profile.extend({ acquisition: Acquisition.optional() }).shape,
    tags: z.array(z.string()),
    properties: Properties,
    metadata: Metadata,
    kind: z.enum(["person", "organization"]),
    identities: z.array(Identity),
    status: z.enum(["active", "merged", "deleted", "erased"]),
    deletedAt: Instant.optional(),
    purgeAt: Instant.optional().meta({ description: "When a deleted customer is removed for ever." }),
    ...recordFields,
  })
  .meta({ id: "Customer" });
export type Customer = z.infer<typeof Customer>;

/** What is kept of a customer: also the list shard it was created in, which it never leaves. */
export type CustomerRecord = Customer & { listShard: number };

export const customerExample = {
  id: "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "customer" as const,
  kind: "person" as const,
  displayName: "Ada Lovelace",
  tags: ["vip"],
  properties: { shoeSize: 38 },
  identities: [identityExample],
  status: "active" as const,
  metadata: {},
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
export const newCustomerExample = { displayName: "Ada Lovelace", tags: ["vip"], identities: [{ type: "email" as const, value: "ada@example.com" }] };
