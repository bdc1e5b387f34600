/** Zod schemas as JSON Schema: every schema with an `id` stands once under `components/schemas`, the others inline. */
import type { OpenAPIObject, SchemaObject } from "openapi3-ts/oas31";
import * as z from "zod";

/** The same noun may be stricter in a request (unknown fields are refused) than in an answer (which may gain fields). */
export type Form = "request" | "answer";
type Json = Record<string, unknown>;

const prefix = "#/components/schemas/";
/** Ends a reference to a request form until `settle` knows whether it needs a name of its own. */
const requestMark = "~request";

export class SchemaComponents {
  readonly #kept = { request: new Map<string, string>(), answer: new Map<string, string>() };

  /**
   * An answer is sent as it was written, before any default or transform of its schema: so for answers, too,
   * it is the input side of the schema that describes what is on the wire.
   * With a `name`, a schema without an id becomes a component, too: generated clients name a type after it.
   */
  schemaOf(schema: z.ZodType, form: Form, name?: string): SchemaObject {
    const converted = z.toJSONSchema(schema, { io: "input", override: ({ zodSchema, jsonSchema }) => refine(zodSchema, jsonSchema as Json, form) });
    const mark = form === "request" ? requestMark : "";
    const text = JSON.stringify(converted).replaceAll(/"#\/\$defs\/([^"]+)"/g, `"${prefix}$1${mark}"`);
    const { $schema: _, $defs = {}, ...root } = JSON.parse(text) as Json & { $defs?: Record<string, Json> };
    for (const [id, definition] of Object.entries($defs)) this.#keep(id, definition, form);
    if (!name || "$ref" in root) return root;
    this.#keep(name, root, form);
    return { $ref: `${prefix}${name}${mark}` };
  }

  #keep(name: string, definition: Json, form: Form): void {
    const text = JSON.stringify(definition);
    if ((this.#kept[form].get(name) ?? text) !== text) throw new Error(`Two different schemas have the id "${name}": give one of them another id.`);
    this.#kept[form].set(name, text);
  }

  /** The document with its schemas, by name. A request form that differs from the answer's is called `<Name>Input`. */
  settle(document: OpenAPIObject): OpenAPIObject {
    const own = this.#requestsWithOwnName();
    const { request, answer } = this.#kept;
    const all = [
      ...answer,
      ...[...request].filter(([name]) => own.has(name) || !answer.has(name)).map(([name, text]) => [own.has(name) ? `${name}Input` : name, text] as const),
    ];
    const names = all.map(([name]) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) throw new Error(`The request form of a schema would be called "${twice}", which is taken: give one of them another id.`);
    const schemas = Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => [name, JSON.parse(text)]));
    const text = JSON.stringify({ ...document, components: { ...document.components, schemas } });
    return JSON.parse(text.replaceAll(/#\/components\/schemas\/([^"~]+)~request"/g, (_, name) => `${prefix}${name}${own.has(name) ? "Input" : ""}"`));
  }

  /** Those that differ from the answer's form themselves, or refer to one that does. */
  #requestsWithOwnName(): Set<string> {
    const { request, answer } = this.#kept;
    const both = [...request].filter(([name]) => answer.has(name));
    const own = new Set(both.filter(([name, text]) => text.replaceAll(requestMark, "") !== answer.get(name)).map(([name]) => name));
    for (let size = -1; size !== own.size; ) {
      size = own.size;
      for (const [name, text] of both) if ([...own].some((other) => text.includes(`${prefix}${other}${requestMark}"`))) own.add(name);
    }
    return own;
  }
}

/** What OpenAPI says otherwise than zod, or says better. */
function refine(schema: z.core.$ZodType, json: Json, form: Form): void {
  if ("example" in json) {
    json["examples"] = [json["example"]];
    delete json["example"];
  }
  if (json["additionalProperties"] === false && form === "answer") delete json["additionalProperties"];
  if (JSON.stringify(json["additionalProperties"]) === "{}") json["additionalProperties"] = true;
  // The format says it; zod's pattern for a date alone is 200 characters.
  if (json["format"]) delete json["pattern"];
  // Every name of a member is a string.
  if (JSON.stringify(json["propertyNames"]) === '{"type":"string"}') delete json["propertyNames"];
  if (json["type"] === "integer") refineInteger(json);
  if (json["enum"] && form === "answer" && !json["description"]) json["description"] = "Values may be added.";
  addDiscriminator(schema, json);
}

/** Zod writes the bounds of a double; generators of clients need to know that 32 bits are not enough. */
function refineInteger(json: Json): void {
  if (json["minimum"] === Number.MIN_SAFE_INTEGER) delete json["minimum"];
  if (json["maximum"] !== Number.MAX_SAFE_INTEGER) return;
  delete json["maximum"];
  json["format"] = "int64";
}

function addDiscriminator(schema: z.core.$ZodType, json: Json): void {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return;
  const propertyName = schema.def.discriminator;
  const named = (schema.options as z.ZodType[]).flatMap((option) => {
    const id = z.globalRegistry.get(option)?.id;
    return id ? [...(option._zod.propValues?.[propertyName] ?? [])].map((value) => [String(value), `#/$defs/${id}`]) : [];
  });
  json["discriminator"] = { propertyName, ...(named.length > 0 && { mapping: Object.fromEntries(named) }) };
}
