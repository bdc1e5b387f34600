/**
 * Identity: one key of a customer. Its (type, value) is unique in a tenant and mode, after normalisation: phones to
 * E.164 in the tenant's default region, e-mails trimmed and lower-cased, everything else trimmed and case-kept.
 */
import { createHmac } from "node:crypto";
import type { CountryCode } from "libphonenumber-js";
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import * as z from "zod";
import type { TenantSettings } from "../kernel/caller.ts";
import { shellProblem } from "../kernel/problem.ts";
import { text } from "../kernel/text.ts";
import { Instant, InstantInput } from "../kernel/time.ts";

// biome-ignore format: one word a line would hide the list.
const knownTypes = [
  "email", "phone", "external_id", "member_card", "member_code", "wechat_openid", "wechat_unionid", "wecom_external_userid",
  "whatsapp", "messenger_psid", "instagram_igsid", "qq", "device_id", "anonymous_id", "push_token",
];
export const IdentityType = z
  .string()
  .regex(new RegExp(`^(?:${knownTypes.join("|")}|custom_[a-z0-9_]{1,40})$`), `One of ${knownTypes.join(", ")}, or custom_<name>.`)
  .meta({ id: "IdentityType", description: `One of ${knownTypes.join(", ")}, or your own custom_<name>.`, example: "email" });
export const IdentityValue = text(500).meta({
  description: "Normalised before it is compared: a phone to E.164, an e-mail lower-cased.",
  example: "ada@example.com",
});

export const IdentityInput = z
  .strictObject({
    type: IdentityType,
    value: IdentityValue,
    verified: z.boolean().default(false),
    primary: z.boolean().optional().meta({ description: "The one to use among several of its type; the first unless said otherwise." }),
    validUntil: InstantInput.optional(),
    source: text(100).optional(),
  })
  .meta({ id: "IdentityInput" });
export type IdentityInput = z.output<typeof IdentityInput>;

export const Identity = z
  .object({
    type: IdentityType,
    value: z.string(),
    verified: z.boolean(),
    verifiedAt: Instant.optional(),
    primary: z.boolean(),
    validUntil: Instant.optional(),
    source: z.string().optional(),
  })
  .meta({ id: "Identity" });
export type Identity = z.infer<typeof Identity>;
export const identityExample = { type: "email", value: "ada@example.com", verified: false, primary: true };

export const identitiesMax = 20;
export const tooManyIdentities = { too_many_identities: { status: 409, title: `A customer has at most ${identitiesMax} identities.` } } as const;

type Reference = { type: string; value: string };
export const isSameIdentity = (a: Reference, b: Reference): boolean => a.type === b.type && a.value === b.value;

const Email = z.email({ pattern: z.regexes.unicodeEmail }).max(254);

/** The value that uniqueness is about, or what is wrong with it. */
export function normalizeIdentityValue(type: string, value: string, defaultPhoneRegion: string | undefined): { value: string } | { fault: string } {
  if (type === "phone") {
    const phone = parsePhoneNumberFromString(value, defaultPhoneRegion as CountryCode | undefined);
    if (phone?.isPossible()) return { value: phone.number };
    return { fault: "Not a phone number. Write it with its country code, such as +33 6 12 34 56 78." };
  }
  if (type !== "email") return { value };
  const email = value.toLowerCase();
  return Email.safeParse(email).success ? { value: email } : { fault: "Not an e-mail address." };
}

/** As `normalizeIdentityValue`; a fault is a 400 that points at `at` in the part of the request that `place` names. */
export function normalized<Given extends Reference>(given: Given, settings: TenantSettings, place: "body" | "path", at: string): Given {
  const result = normalizeIdentityValue(given.type, given.value, settings.defaultPhoneRegion);
  if ("fault" in result) throw shellProblem("invalid_input", { errors: [{ in: place, pointer: at, code: "invalid_identity", detail: result.fault }] });
  return { ...given, value: result.value };
}

/** New identities as a customer keeps them: normalised, no two alike, one primary per type. */
export function identitiesFrom(given: readonly IdentityInput[], settings: TenantSettings, now: Date): Identity[] {
  const identities = given.map((input, index) => toIdentity(normalized(input, settings, "body", `/identities/${index}/value`), now));
  for (const [index, identity] of identities.entries()) {
    if (identities.findIndex((other) => isSameIdentity(other, identity)) < index)
      throw shellProblem("invalid_input", {
        errors: [{ in: "body", pointer: `/identities/${index}`, code: "duplicate_identity", detail: "The same identity stands twice in the list." }],
      });
  }
  return withOnePrimaryPerType(identities);
}

export const toIdentity = ({ primary, ...input }: IdentityInput, now: Date): Identity => ({
  ...input,
  primary: primary ?? false,
  ...(input.verified && { verifiedAt: now.toISOString() }),
});

/** The last one marked primary wins; where none is, the first of its type. */
export function withOnePrimaryPerType(identities: readonly Identity[]): Identity[] {
  const chosen = new Map<string, Identity>();
  for (const identity of identities) if (identity.primary || !chosen.has(identity.type)) chosen.set(identity.type, identity);
  return identities.map((identity) => ({ ...identity, primary: chosen.get(identity.type) === identity }));
}

/** What stands in a key instead of the value: nothing personal, and useless without the tenant's secret. */
export const identityDigest = ({ type, value }: Reference, tenantSecret: string): string =>
  createHmac("sha256", tenantSecret).update(`identity:${type}:${value}`).digest("base64url");
