/** The mapping file: how a CSV's rows become customers, touchpoints and points. It has the shape of the API's batch items. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import { ImportFailure } from "./failure.ts";
import { faultOfFormat } from "./local-time.ts";

const Format = z.string().superRefine((format, context) => {
  const fault = faultOfFormat(format);
  if (fault) context.addIssue({ code: "custom", message: fault });
});
const TimeZone = z.string().refine((name) => {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}, "An IANA time zone such as Europe/Paris or UTC.");

const from = z.string();
const decimalMarks = { decimalMark: z.enum([".", ","]).default("."), groupMark: z.enum([",", ".", " ", "'"]).optional() };
const Conversion = z.discriminatedUnion("as", [
  z.strictObject({ from, as: z.literal("number"), ...decimalMarks }),
  z.strictObject({ from, as: z.literal("money"), currency: z.string(), ...decimalMarks }),
  z.strictObject({ from, as: z.literal("boolean"), true: z.array(z.string()), false: z.array(z.string()) }),
  z.strictObject({ from, as: z.literal("choice"), choices: z.record(z.string(), z.string()), otherwise: z.string().optional() }),
  z.strictObject({ from, as: z.literal("date"), format: Format }),
  z.strictObject({ from, as: z.literal("instant"), format: Format, timeZone: TimeZone }),
]);
export type Conversion = z.output<typeof Conversion>;

/** A template such as "{column}", a constant, or a conversion of a template. */
const Value = z.union([z.string(), z.number(), z.boolean(), Conversion], {
  error: 'Write a template such as "{column}", a constant, or { "from": "{column}", "as": ... }.',
});
const Values = z.record(z.string(), Value);

const Customer = z.strictObject({
  ...asOptional(["kind", "displayName", "givenName", "familyName", "locale", "timeZone", "birthDate", "preferredChannel"]),
  tags: z.array(Value).optional(),
  properties: Values.optional(),
  metadata: Values.optional(),
  acquisition: z.strictObject({ channel: Value, at: Value, ...asOptional(["storeCode", "staffCode", "campaign"]) }).optional(),
  identities: z.array(z.strictObject({ type: Value, value: Value, ...asOptional(["verified", "primary", "validUntil", "source"]) })).optional(),
});
const Event = z.strictObject({
  type: Value,
  channel: Value,
  occurredAt: Value,
  ...asOptional(["direction", "storeCode", "staffCode", "reference", "amount"]),
  properties: Values.optional(),
  dedupeId: z.string({ error: "Required: without it, a row that is sent twice would be recorded twice." }),
});
const Earning = z.strictObject({
  programId: Value.optional(),
  purchase: z.strictObject({ amount: Value, occurredAt: Value, ...asOptional(["storeCode", "staffCode", "channel"]) }),
  reference: z.string({ error: "Required: without it, a row that is sent twice would earn twice." }),
});
const Mapping = z.strictObject({
  csv: z
    .strictObject({
      delimiter: z
        .union(
          [
            z.literal("whitespace"),
            z
              .string()
              .length(1)
              .regex(/[^"\r\n]/),
          ],
          { error: 'One character, or "whitespace" for runs of blanks.' },
        )
        .default(","),
      header: z.boolean().default(true),
    })
    .default({ delimiter: ",", header: true }),
  identity: z.strictObject({ type: z.string(), value: Value }),
  customer: Customer.default({}),
  event: Event.optional(),
  earning: Earning.optional(),
});
export type Mapping = z.output<typeof Mapping>;
export type CsvFormat = Mapping["csv"];

function asOptional<Name extends string>(names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, Value.optional()])) as Record<Name, z.ZodOptional<typeof Value>>;
}

/** The mapping and its text; throws ImportFailure with every fault and its place. */
export function readMapping(file: string): { mapping: Mapping; text: string } {
  let text: string;
  let json: unknown;
  try {
    text = readFileSync(file, "utf8");
    json = JSON.parse(text);
  } catch (error) {
    throw new ImportFailure(`The mapping ${file} cannot be read: ${(error as Error).message}`);
  }
  const result = Mapping.safeParse(json);
  if (result.success) return { mapping: result.data, text };
  const faults = result.error.issues.flatMap((issue) => explain(issue, [])).map((fault) => `  ${fault}`);
  throw new ImportFailure(`The mapping ${file} does not fit:\n${faults.join("\n")}`);
}

/** A fault inside a conversion is more to the point than that the value is none of the four kinds. */
function explain(issue: z.core.$ZodIssue, under: readonly PropertyKey[]): string[] {
  const path = [...under, ...issue.path];
  const ofConversion = issue.code === "invalid_union" ? (issue.errors.at(-1) ?? []) : [];
  if (ofConversion.some((inner) => inner.code !== "invalid_type" || inner.path.length > 0)) return ofConversion.flatMap((inner) => explain(inner, path));
  return [`/${path.map(String).join("/")}: ${issue.message}`];
}

/** The mapping whose purchases earn in `programId`, unless it names programmes itself. Throws ImportFailure. */
export function earningIn(mapping: Mapping, programId: string | undefined): Mapping {
  const { earning } = mapping;
  if (!earning && programId !== undefined) throw new ImportFailure("--program is for mappings with an earning.");
  if (!earning) return mapping;
  const id = earning.programId ?? programId;
  if (id === undefined) throw new ImportFailure("In which programme do the purchases earn? Name it with --program.");
  return { ...mapping, earning: { ...earning, programId: id } };
}

const placeholder = /\{([^{}]+)\}/g;
/** The number of the row's first line in the file; the one name that is not a column. */
export const lineName = "line";

/** Fills a template; `textOf` gives the text behind a name. */
export const fill = (template: string, textOf: (name: string) => string): string => template.replaceAll(placeholder, (_, name: string) => textOf(name.trim()));

export const isConversion = (part: unknown): part is Conversion => typeof part === "object" && part !== null && "from" in part && "as" in part;

/** The columns that a part of the mapping names, each once. */
export function columnsIn(part: unknown): string[] {
  return [...new Set(namesIn(part))].filter((name) => name !== lineName);
}

function namesIn(part: unknown): string[] {
  if (typeof part === "string") return [...part.matchAll(placeholder)].map((match) => (match[1] as string).trim());
  if (isConversion(part)) return [part.from, part.as === "money" ? part.currency : ""].flatMap(namesIn);
  return typeof part === "object" && part !== null ? Object.values(part).flatMap(namesIn) : [];
}

/** The columns behind a JSON pointer into an item, or behind the nearest part above it that names any. */
export function columnsAt(mapping: Mapping, pointer: string): string[] {
  let part: unknown = mapping;
  let columns: string[] = [];
  for (const name of pointer.split("/").slice(1)) {
    part = (part as Record<string, unknown> | undefined)?.[name.replaceAll("~1", "/").replaceAll("~0", "~")];
    if (typeof part !== "object" && typeof part !== "string") break;
    columns = columnsIn(part);
  }
  return columns;
}
