/** An event type's entry under `webhooks`: the envelope, with the object of this type in it. */
import type { PathItemObject } from "openapi3-ts/oas31";
import * as z from "zod";
import type { AnyEventType } from "../domain/kernel/event.ts";
import { Event, eventExample } from "../domain/webhooks/model.ts";
import type { SchemaComponents } from "./schemas.ts";

export function webhookItem(eventType: AnyEventType, tag: string, components: SchemaComponents): PathItemObject {
  const name = eventType.type.split(/[._]/).map(capitalised).join("");
  return {
    post: {
      operationId: `on${name}`,
      tags: [tag],
      summary: eventType.type,
      description: eventType.description,
      security: [],
      requestBody: {
        required: true,
        content: { "application/json": { schema: components.schemaOf(eventSchema(eventType), "answer", `${name}Event`), example: exampleOf(eventType) } },
      },
      responses: { "2XX": { description: "Taken." } },
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
