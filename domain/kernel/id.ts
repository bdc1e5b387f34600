/** Ids: a prefix that names the kind, and a ULID (26 characters of Crockford's base 32, sorted by time). */
import * as z from "zod";

/** `ulids` is 2 for what is named by two other things. */
export function idOf(prefix: string, ulids = 1) {
  const example = `${prefix}_${"01JD3S8K9ZQ4T7N2V5X8B1C6F0".repeat(ulids)}`;
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{${26 * ulids}}$`), `An id such as ${example}.`)
    .meta({ example });
}
