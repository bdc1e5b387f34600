/** `npm run generate`: writes the document that clients are made from and that the service shows. */
import { writeFileSync } from "node:fs";
import { eventTypes } from "../domain/events.ts";
import { contexts } from "../domain/operations.ts";
import { openApiDocument } from "./build.ts";

const file = new URL("openapi.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(openApiDocument(contexts, eventTypes), null, 2)}\n`);
console.log("openapi/openapi.json is written.");
