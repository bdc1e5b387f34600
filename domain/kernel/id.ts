/** Ids: a prefix that names the kind, and a ULID (26 characters of Crockford's base 32, sorted by time). */
import * as z from "zod";

export const idOf = (prefix: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`), `An id such as ${prefix}_01JD3S8K9ZQ4T7N2V5X8B1C6F0.`)
    .meta({ example: `${prefix}_01JD3S8K9ZQ4T7N2V5X8B1C6F0` });
