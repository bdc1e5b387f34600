/** A Lambda and STS: how often it is asked, and what becomes of requests when it does not answer as it should. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { bundle, gatewayEvent, inLambda, invoke } from "./lambda.ts";

const xml = (body: string) =>
  `<Answer xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${body}</Answer>`.replaceAll(
    "Answer",
    body.startsWith("<Error>") ? "ErrorResponse" : "AssumeRoleResponse",
  );
const credentials = () =>
  xml(
    `<AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></AssumeRoleResult>`,
  );
const refusal = (code: string) => xml(`<Error><Type>Sender</Type><Code>${code}</Code><Message>No.</Message></Error>`);

let answer: (response: ServerResponse) => void;
let calls = 0;
const sts = createServer((request, response) => {
  request.resume();
  calls += 1;
  answer(response);
});
let environment: Record<string, string>;
let tenant: TenantKeys;
let file: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => sts.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(sts.address() as AddressInfo).port}`;
  environment = { TENANT_ROLE_ARN: "arn:aws:iam::123456789012:role/tenants", AWS_ENDPOINT_URL_STS: address };
  tenant = await newTenant();
  file = await bundle("functions/customers.ts");
});
afterAll(() => {
  sts.closeAllConnections();
  sts.close();
});
beforeEach(() => {
  calls = 0;
  answer = (response) => response.writeHead(200, { "content-type": "text/xml" }).end(credentials());
});

const list = () => gatewayEvent({ route: "GET /v1/customers", key: tenant.test });
const told = ({ statusCode, headers, body }: Json) => [statusCode, headers["retry-after"], JSON.parse(body).code];

test("a tenant's session is asked for once, by many requests at once and one after the other", async () => {
  const { answers } = await inLambda(
    `import { handler } from ${JSON.stringify(file)};
    const call = () => handler(${JSON.stringify(list())}, {});
    tell([...await Promise.all([call(), call(), call()]), await call()]);`,
    environment,
  );
  expect(answers.map(({ statusCode }: Json) => statusCode)).toEqual([200, 200, 200, 200]);
  expect(calls).toBe(1);
});

test.each(["Throttling", "ServiceUnavailable", "InternalFailure"])(
  "when STS answers %s, the request is to be tried again: 503 with Retry-After",
  async (code) => {
    answer = (response) => response.writeHead(code === "Throttling" ? 400 : 500, { "content-type": "text/xml" }).end(refusal(code));
    const { answers } = await invoke(file, [list()], environment);
    expect(told(answers[0])).toEqual([503, "1", "service_unavailable"]);
  },
);

test("when STS does not answer, the request does, in good time; and the next one asks again", async () => {
  answer = () => {};
  const startedAt = Date.now();
  const { answers } = await inLambda(
    `import { handler } from ${JSON.stringify(file)};
    tell([await handler(${JSON.stringify(list())}, {})]);`,
    environment,
  );
  expect(told(answers[0])).toEqual([503, "1", "service_unavailable"]);
  expect(Date.now() - startedAt).toBeLessThan(15_000);
  expect(calls).toBeGreaterThan(1);
});

test("a request that takes longer than its Lambda may is answered just before that", async () => {
  answer = () => {};
  const { answers } = await inLambda(
    `import { handler } from ${JSON.stringify(file)};
    const end = Date.now() + 2_500;
    const answer = await handler(${JSON.stringify(list())}, { getRemainingTimeInMillis: () => end - Date.now() });
    tell([answer, end - Date.now()]);`,
    environment,
  );
  expect(told(answers[0])).toEqual([503, "1", "service_unavailable"]);
  expect(answers[1]).toBeGreaterThan(500);
});
