/** Where a business or a person is: time zone, currency, language. */
import * as z from "zod";

export const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, "Not an IANA time zone.")
  .meta({ description: "IANA time zone; it decides the tenant's day.", example: "Europe/Paris" });
function isTimeZone(name: string): boolean {
  try {
    // Offsets such as "+01:00" are accepted by Intl but are not zones: they know no daylight saving.
    return /^[A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}
// Made at the first use: each takes Intl as long as all the schemas together, and a cold start should not wait for it.
let currencies: Set<string> | undefined;
const isCurrency = (code: string): boolean => (currencies ??= new Set(Intl.supportedValuesOf("currency"))).has(code);
let regionNames: Intl.DisplayNames | undefined;
/** Not a former or second code such as UK: phone numbers are known by the present one only, GB. */
function isRegion(code: string): boolean {
  regionNames ??= new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });
  return regionNames.of(code) !== undefined && new Intl.Locale(`und-${code}`).region === code;
}

export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, "Three capital letters.")
  .refine(isCurrency, "Not an ISO 4217 currency.")
  .meta({ description: "ISO 4217 code.", example: "EUR" });
export const Region = z
  .string()
  .regex(/^[A-Z]{2}$/, { error: "Two capital letters.", abort: true })
  .refine(isRegion, "Not an ISO 3166 region.");
export const Locale = z
  .string()
  .max(35)
  .refine(isLocale, "Not a BCP 47 language tag.")
  .meta({ description: "BCP 47 language tag; its region reads national phone numbers unless a policy says otherwise.", example: "fr-FR" });
function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
