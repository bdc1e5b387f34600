/** A Lambda as it is bundled does what the sources do, though the bundle leaves out what never runs in a Lambda. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { getCountries, getExampleNumber } from "libphonenumber-js";
import examples from "libphonenumber-js/mobile/examples";
import { afterAll, expect, test } from "vitest";
import { normalizeIdentityValue } from "../domain/customers/identity.ts";
import { deployment } from "../functions/shell/config.ts";
import { bundling, pluginsFor } from "../infra/bundling.ts";
import { call, type Json, newTenant } from "./clientele.ts";

const folder = mkdtempSync(join(tmpdir(), "clientele-bundles-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function bundle(entry: string): Promise<string> {
  const outfile = join(folder, `${entry.replaceAll(/\W/g, "-")}.mjs`);
  await build({ ...bundling, plugins: pluginsFor(entry), entryPoints: [entry], outfile });
  return outfile;
}

/** Ends when all is written: a pipe takes only so much at once. */
const tell = "const tell = (answer) => process.stdout.write(JSON.stringify(answer), () => process.exit());\n";

/** In a process of its own, which `tell`s what it found out and finds the table, the engine and its credentials where a Lambda does: in the environment. */
function inLambda(program: string): Json {
  const { endpoint = "", tableName } = deployment();
  const environment = {
    TABLE_NAME: tableName,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: "local",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
  const file = join(folder, "program.mjs");
  writeFileSync(file, tell + program);
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: "utf8", env: environment }));
}

function createEvent(key: string, body: object) {
  const requestContext = { requestId: "req_1", domainName: "api.example", http: { method: "POST", path: "/v1/customers", sourceIp: "203.0.113.7" } };
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", "idempotency-key": "from-a-lambda" };
  return {
    version: "2.0",
    routeKey: "POST /v1/customers",
    rawPath: "/v1/customers",
    rawQueryString: "",
    headers,
    requestContext,
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}

test("the customers Lambda creates a customer from an API Gateway event, with credentials from the environment", async () => {
  const { test: key } = await newTenant();
  const event = createEvent(key, {
    displayName: "Bundled",
    identities: [
      { type: "phone", value: "06 12 34 56 78" },
      { type: "email", value: "B@example.com" },
    ],
  });
  const file = await bundle("functions/customers.ts");
  const answers = inLambda(`import { handler } from ${JSON.stringify(file)};
    const event = ${JSON.stringify(event)};
    tell([await handler(event, {}), await handler(event, {}), await handler({ ...event, headers: {} }, {})]);`);
  expect(answers.map(({ statusCode }: Json) => statusCode)).toEqual([201, 201, 401]);
  expect(answers[1].headers).toMatchObject({ "idempotency-replayed": "true", "request-id": "req_1" });
  const found = await call(key, "GET", "/v1/customers/by/phone/+33612345678");
  expect(found.body).toEqual(JSON.parse(answers[0].body));
  expect(JSON.parse(answers[2].body).type).toBe("https://api.example/problems/unauthenticated");
});

test("the events Lambda shows event types with their JSON schemas, which other bundles leave out", async () => {
  const { test: key } = await newTenant();
  const event = { ...createEvent(key, {}), routeKey: "GET /v1/event-types", rawPath: "/v1/event-types", body: undefined };
  const file = await bundle("functions/events.ts");
  const answer = inLambda(`import { handler } from ${JSON.stringify(file)};
    tell(await handler(${JSON.stringify(event)}, {}));`);
  expect(JSON.parse(answer.body)).toEqual((await call(key, "GET", "/v1/event-types")).body);
});

test("phone numbers of every country and of none normalise as with the whole metadata", async () => {
  const numbers = getCountries().flatMap((country) => {
    const number = getExampleNumber(country, examples);
    return number ? [number.formatNational(), number.formatInternational(), number.nationalNumber].map((text) => [text, country] as const) : [];
  });
  // Freephone and satellite numbers belong to no country.
  numbers.push(["+800 1234 5678", "FR"], ["+883 5100 1234 5678", "FR"], ["+870 773 111 632", "FR"]);
  expect(numbers.length).toBeGreaterThan(600);
  const file = await bundle("domain/customers/identity.ts");
  const bundled = inLambda(`import { normalizeIdentityValue } from ${JSON.stringify(file)};
    tell(${JSON.stringify(numbers)}.map(([text, country]) => normalizeIdentityValue("phone", text, country)));`);
  expect(bundled).toEqual(numbers.map(([text, country]) => normalizeIdentityValue("phone", text, country)));
});
