/** From a row to what the API is asked for. */
import { minorUnits, readDecimal } from "./decimal.ts";
import { instantIn, readLocalTime } from "./local-time.ts";
import { type Conversion, columnsIn, fill, isConversion, lineName, type Mapping } from "./mapping.ts";
import type { Fault, Row } from "./rows.ts";

export type Identity = { readonly type: string; readonly value: string };
export type Item = {
  readonly row: Row;
  readonly identity: Identity;
  readonly customer: object;
  readonly event: object | undefined;
  readonly earning: object | undefined;
};
/** A row that was not loaded, and why. */
export type Refusal = { readonly row: Row; readonly faults: readonly Fault[] };
export const isRefusal = (made: Item | Refusal): made is Refusal => "faults" in made;

/** Makes the item of each row; `columns` are the names of the rows' values. */
export function itemMaker(mapping: Mapping, columns: readonly string[]): (row: Row) => Item | Refusal {
  const indexes = new Map(columns.map((column, index) => [column, index]));
  return (row) => {
    if (row.faults.length > 0) return { row, faults: row.faults };
    const faults: Fault[] = [];
    const textOf = (name: string) => (name === lineName ? String(row.line) : (row.values[indexes.get(name) as number] ?? ""));
    const make = (part: unknown, pointer: string) => evaluate(part, pointer, textOf, faults);
    const identity = make(mapping.identity, "/identity") as Identity | undefined;
    const customer = make(mapping.customer, "/customer") as object | undefined;
    const event = make(mapping.event, "/event") as object | undefined;
    const earning = make(mapping.earning, "/earning") as object | undefined;
    if (!identity && faults.length === 0)
      faults.push({
        column: columnsIn(mapping.identity).join(", "),
        pointer: "/identity/value",
        code: "no_identity",
        detail: "The row does not say which customer it belongs to.",
      });
    return identity && faults.length === 0
      ? { row, identity: { ...identity, value: String(identity.value) }, customer: customer ?? {}, event, earning }
      : { row, faults };
  };
}

/** One rule for templates, conversions, objects and lists: what names columns that are all empty is left out. */
function evaluate(part: unknown, pointer: string, textOf: (name: string) => string, faults: Fault[]): unknown {
  const columns = columnsIn(part);
  if (columns.length > 0 && columns.every((column) => textOf(column) === "")) return undefined;
  const make = (inner: unknown, name: string | number) => evaluate(inner, `${pointer}/${name}`, textOf, faults);
  if (typeof part === "string") return fill(part, textOf);
  if (Array.isArray(part)) return part.map(make).filter((value) => value !== undefined);
  if (typeof part !== "object" || part === null) return part;
  if (!isConversion(part)) return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, make(inner, name)]));
  const result = convert(part, fill(part.from, textOf).trim(), textOf);
  if ("value" in result) return result.value;
  faults.push({ column: columns.join(", "), pointer, ...result });
  return undefined;
}

type Converted = { value: unknown } | { code: string; detail: string };

function convert(conversion: Conversion, text: string, textOf: (name: string) => string): Converted {
  switch (conversion.as) {
    case "number":
    case "money": {
      const decimal = readDecimal(text, conversion);
      if (decimal === undefined) return { code: "not_a_number", detail: `"${shown(text)}" is not a decimal number.` };
      return conversion.as === "number" ? { value: Number(decimal) } : money(decimal, fill(conversion.currency, textOf));
    }
    case "boolean":
      if (conversion.true.includes(text)) return { value: true };
      return conversion.false.includes(text)
        ? { value: false }
        : { code: "not_a_choice", detail: `"${shown(text)}" is neither among "true" nor among "false".` };
    case "choice": {
      const value = Object.hasOwn(conversion.choices, text) ? conversion.choices[text] : conversion.otherwise;
      return value === undefined ? { code: "not_a_choice", detail: `"${shown(text)}" is not among the choices.` } : { value };
    }
    case "date":
    case "instant": {
      const time = readLocalTime(text, conversion.format);
      if (time === undefined) return { code: "not_a_date", detail: `"${shown(text)}" is no date written as ${conversion.format}.` };
      return { value: conversion.as === "date" ? new Date(time).toISOString().slice(0, 10) : instantIn(conversion.timeZone, time).toISOString() };
    }
  }
}

function money(decimal: string, currency: string): Converted {
  if (!/^[A-Z]{3}$/.test(currency)) return { code: "not_a_currency", detail: `"${shown(currency)}" is no ISO 4217 code.` };
  const amountMinor = minorUnits(decimal, currency);
  return amountMinor === undefined
    ? { code: "not_an_amount", detail: `${shown(decimal)} cannot be written exactly in minor units of ${currency}.` }
    : { value: { amountMinor, currency } };
}

const shown = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
