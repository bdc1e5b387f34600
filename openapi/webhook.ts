/** An event type's entry under `webhooks`: the envelope, with the object of this type in it. */
import type { ParameterObject, PathItemObject } from "openapi3-ts/oas31";
import * as z from "zod";
import type { AnyEventType } from "../domain/kernel/event.ts";
import { Event, eventExample } from "../domain/webhooks/model.ts";
import type { SchemaComponents } from "./schemas.ts";

const header = (name: string, description: string, example: string): ParameterObject => ({
  name,
  in: "header",
  required: true,
  description,
  schema: { type: "string" },
  example,
});
/** As Standard Webhooks names them. */
const signatureHeaders: ParameterObject[] = [
  header("webhook-id", "The event's id: the same on every retry and replay.", eventExample.id),
  header("webhook-timestamp", "When this attempt was made, in seconds since 1970. Refuse what is far from your clock.", "1795251000"),
  header(
    "webhook-signature",
    "Signatures of `<webhook-id>.<webhook-timestamp>.<body>`, separated by spaces: `v1,` HMAC-SHA256 for each living secret, `v1a,` Ed25519 by a key of `/.well-known/jwks.json`.",
    "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
  ),
];

export function webhookItem(eventType: AnyEventType, tag: string, components: SchemaComponents): PathItemObject {
  const name = eventType.type.split(/[._]/).map(capitalised).join("");
  return {
    post: {
      operationId: `on${name}`,
      tags: [tag],
      summary: eventType.type,
      description: eventType.description,
      security: [],
      parameters: signatureHeaders,
      requestBody: {
        required: true,
        content: { "application/json": { schema: components.schemaOf(eventSchema(eventType), "answer", `${name}Event`), example: exampleOf(eventType) } },
      },
      responses: {
        "2XX": {
          description: "Taken, when answered within 15 seconds. 410 disables the endpoint; after any other answer it comes again, not before `Retry-After`.",
        },
      },
    },
  };
}
const capitalised = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

/** The envelope with `data.object` narrowed to the type's own. */
const eventSchema = ({ type, object, tellsPrevious }: AnyEventType) => {
  const { previousAttributes, ...data } = Event.shape.data.shape;
  return Event.extend({ type: z.literal(type), data: z.object({ ...data, object, ...(tellsPrevious && { previousAttributes }) }) });
};

const exampleOf = ({ type, example, tellsPrevious }: AnyEventType) => ({
  ...eventExample,
  type,
  data: { object: example, ...(tellsPrevious && { previousAttributes: {} }) },
});
