/** Decimal numbers as text: amounts of money must not pass through floating point. */

export type Marks = { readonly decimalMark: "." | ","; readonly groupMark?: string | undefined };

/** A number as people write it, as "-1234.56"; undefined when it is none. Grouped digits are taken only in threes. */
export function readDecimal(text: string, { decimalMark, groupMark }: Marks): string | undefined {
  const mark = RegExp.escape(decimalMark);
  const grouped = groupMark === undefined ? "" : `|\\d{1,3}(?:${RegExp.escape(groupMark)}\\d{3})+`;
  const found = new RegExp(`^\\+?(-?)(\\d+${grouped})(?:${mark}(\\d+))?$`).exec(text);
  if (!found) return undefined;
  const [, sign = "", whole = "", fraction] = found;
  return `${sign}${groupMark === undefined ? whole : whole.replaceAll(groupMark, "")}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** The whole number of minor units (cents) in a decimal; undefined when it is finer than that or too large to be exact. */
export function minorUnits(decimal: string, currency: string): number | undefined {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const [whole = "0", fraction = ""] = decimal.split(".");
  if (/[1-9]/.test(fraction.slice(digits))) return undefined;
  const amount = Number(BigInt(whole + fraction.slice(0, digits).padEnd(digits, "0")));
  return Number.isSafeInteger(amount) ? amount : undefined;
}
