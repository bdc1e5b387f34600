/** Instants are RFC 3339 strings in UTC with milliseconds, so that they sort as text. */
import * as z from "zod";

/** An instant in an answer. */
export const Instant = z.iso.datetime({ precision: 3 }).meta({ description: "RFC 3339 instant, UTC, milliseconds.", example: "2026-11-21T09:30:00.000Z" });

/** An instant in a request: any offset, any precision; kept in UTC with milliseconds. */
export const InstantInput = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  // An offset can carry an instant out of the years 0000 to 9999, where it no longer sorts as text.
  .pipe(z.iso.datetime({ precision: 3 }))
  .meta({ description: "RFC 3339 instant with any offset.", example: "2026-11-21T10:30:00+01:00" });

export const secondMilliseconds = 1000;
export const dayMilliseconds = 86_400_000;
export const instantAfter = (now: Date, milliseconds: number): string => new Date(now.getTime() + milliseconds).toISOString();
