/** Text in requests: NFC-normalised, trimmed, bounded, no control characters (line breaks only where `lines` says so). */
import * as z from "zod";

const line = /^[^\p{Cc}\p{Cs}]*$/u;
const lines = /^[^\p{Cc}\p{Cs}]*(?:[\n\t\r][^\p{Cc}\p{Cs}]*)*$/u;

export const text = (maxCharacters: number, options: { lines?: boolean } = {}) =>
  z
    .string()
    .trim()
    .normalize("NFC")
    .min(1)
    .max(maxCharacters)
    .regex(options.lines ? lines : line, "Control characters are not allowed.");

/** Up to 50 keys for the integrator's own use; kept and given back, never read. */
const MetadataValue = z.string().normalize("NFC").max(500).regex(lines, "Control characters are not allowed.");
export const Metadata = z
  .record(text(40), MetadataValue)
  .refine((metadata) => Object.keys(metadata).length <= 50, "At most 50 keys.")
  .meta({ id: "Metadata", description: "Up to 50 keys of your own; key up to 40, value up to 500 characters.", example: { crmRef: "A-17" } });

/** In a merge patch: null takes a key away, null for all of it clears it. */
export const MetadataPatch = z.record(text(40), MetadataValue.nullable()).nullable().meta({ id: "MetadataPatch" });
