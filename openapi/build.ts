/** The OpenAPI 3.1 document: a pure function of the operations and the event types. */
import { type ComponentsObject, type OpenAPIObject, OpenApiBuilder, type PathItemObject, type TagObject } from "openapi3-ts/oas31";
import { newestApiVersion } from "../domain/api-versions.ts";
import type { AnyEventType } from "../domain/kernel/event.ts";
import type { AnyOperation } from "../domain/kernel/operation.ts";
import { introduction, tags } from "./introduction.ts";
import { operationObject } from "./operation.ts";
import { problemCatalogue, problemComponents } from "./problem-responses.ts";
import { ProblemAnswer } from "./problems.ts";
import { SchemaComponents } from "./schemas.ts";
import { headers, parameters } from "./shared.ts";
import { webhookItem } from "./webhook.ts";

/** `contexts` are the operations by context, which names their tag. The same input gives the same text. */
export function openApiDocument(contexts: Record<string, readonly AnyOperation[]>, eventTypes: readonly AnyEventType[] = []): OpenAPIObject {
  const components = new SchemaComponents();
  const paths: Record<string, PathItemObject> = {};
  for (const [context, operations] of Object.entries(contexts))
    for (const operation of operations)
      paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation, tagOf(context).name, components) };
  const builder = OpenApiBuilder.create({
    openapi: "3.1.1",
    info: { title: "Clientele API", version: newestApiVersion, description: introduction },
    servers: [{ url: "/", description: "The service that shows this document." }],
    tags: usedTags(contexts, eventTypes),
    paths,
  });
  builder.addSecurityScheme("bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API key (`ck_test_...` or `ck_live_...`), or a JWT of the deployment's issuer. The scope that an operation needs is named with it.",
  });
  for (const eventType of eventTypes) builder.addWebhook(eventType.type, webhookItem(eventType, eventTag.name, components));
  const { examples, responses } = problemComponents(problemCatalogue(Object.values(contexts).flat()), components.schemaOf(ProblemAnswer, "answer"));
  for (const [name, example] of Object.entries(examples)) builder.addExample(name, example);
  for (const [name, response] of Object.entries(responses)) builder.addResponse(name, response);
  for (const [name, parameter] of Object.entries(parameters)) builder.addParameter(name, parameter);
  for (const [name, header] of Object.entries(headers)) builder.addHeader(name, header);
  return withoutUnused(components.settle(builder.getSpec()));
}

const eventTag: TagObject = { name: "Event types", description: "What is told when something happens. The same events are listed by the events operations." };

function tagOf(context: string): TagObject {
  const tag = tags[context];
  if (!tag) throw new Error(`The context "${context}" has no tag: describe it in openapi/introduction.ts.`);
  return tag;
}

const usedTags = (contexts: Record<string, readonly AnyOperation[]>, eventTypes: readonly AnyEventType[]): TagObject[] => [
  ...Object.entries(contexts)
    .filter(([, operations]) => operations.length > 0)
    .map(([context]) => tagOf(context)),
  ...(eventTypes.length > 0 ? [eventTag] : []),
];

/** Shared parts stay only when something refers to them; responses go first, since they refer to the others. */
function withoutUnused(document: OpenAPIObject): OpenAPIObject {
  const components: ComponentsObject = { ...document.components };
  for (const kind of ["responses", "examples", "parameters", "headers"] as const) {
    const text = JSON.stringify({ ...document, components });
    components[kind] = Object.fromEntries(Object.entries(components[kind] ?? {}).filter(([name]) => text.includes(`"#/components/${kind}/${name}"`)));
  }
  return { ...document, components };
}
