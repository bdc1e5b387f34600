/** A Lambda as it is bundled does what the sources do, though the bundle leaves out what never runs in a Lambda. */
import { getCountries, getExampleNumber } from "libphonenumber-js";
import examples from "libphonenumber-js/mobile/examples";
import { expect, test } from "vitest";
import { normalizeIdentityValue } from "../domain/customers/identity.ts";
import { call, type Json, newTenant } from "./clientele.ts";
import { bundle, gatewayEvent, inLambda, invoke } from "./lambda.ts";

const createEvent = (key: string, body: object) => gatewayEvent({ route: "POST /v1/customers", key, body, headers: { "idempotency-key": "from-a-lambda" } });

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
  const { answers } = await invoke(file, [event, event, { ...event, headers: {} }]);
  expect(answers.map(({ statusCode }: Json) => statusCode)).toEqual([201, 201, 401]);
  expect(answers[1].headers).toMatchObject({ "idempotency-replayed": "true", "request-id": "req_1" });
  const found = await call(key, "GET", "/v1/customers/by/phone/+33612345678");
  expect(found.body).toEqual(JSON.parse(answers[0].body));
  expect(JSON.parse(answers[2].body).type).toBe("https://api.example/problems/unauthenticated");
});

test("the events Lambda shows event types with their JSON schemas, which other bundles leave out", async () => {
  const { test: key } = await newTenant();
  const file = await bundle("functions/events.ts");
  const [answer] = (await invoke(file, [gatewayEvent({ route: "GET /v1/event-types", key })])).answers;
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
  const { answers: bundled } = await inLambda(`import { normalizeIdentityValue } from ${JSON.stringify(file)};
    tell(${JSON.stringify(numbers)}.map(([text, country]) => normalizeIdentityValue("phone", text, country)));`);
  expect(bundled).toEqual(numbers.map(([text, country]) => normalizeIdentityValue("phone", text, country)));
});
