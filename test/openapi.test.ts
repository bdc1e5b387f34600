/** The document says what the service does: complete, valid, up to date, and every example true. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import type { MediaTypeObject, OperationObject, ResponseObject } from "openapi3-ts/oas31";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { eventTypes } from "../domain/events.ts";
import type { AnyOperation } from "../domain/kernel/operation.ts";
import { type Problems, shellProblems } from "../domain/kernel/problem.ts";
import { contexts, operations } from "../domain/operations.ts";
import { handler } from "../functions/docs.ts";
import { openApiDocument } from "../openapi/build.ts";
import { documentRoutes } from "../openapi/document-routes.ts";
import { problemCatalogue } from "../openapi/problem-responses.ts";

const committed = readFileSync(new URL("../openapi/openapi.json", import.meta.url), "utf8");
const document = openApiDocument(contexts, eventTypes);

const routeOf = ({ method, path }: AnyOperation) => `${method.toUpperCase()} ${path}`;
const documented = new Map<string, OperationObject>(
  Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, OperationObject>).map(([method, entry]) => [`${method.toUpperCase()} ${path}`, entry] as const),
  ),
);
const entryOf = (declared: AnyOperation) => documented.get(routeOf(declared)) as OperationObject;
const resolved = <Part>(part: unknown): Part => {
  const { $ref } = part as { $ref?: string };
  if (!$ref) return part as Part;
  return $ref
    .slice(2)
    .split("/")
    .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], document) as Part;
};

/** What the shell may answer to this operation besides its own refusals, told anew so that the document is not its own judge. */
function shellRefusals({ method, permission, liveOnly, body, query }: AnyOperation): Problems {
  const { unauthenticated, invalid_input, insufficient_scope, live_key_required, malformed_json, payload_too_large, unsupported_media_type } = shellProblems;
  return {
    ...{ invalid_input, service_unavailable: shellProblems.service_unavailable },
    ...(permission !== "public" && { unauthenticated }),
    ...(permission !== "public" && permission !== "any" && { insufficient_scope }),
    ...(permission !== "public" && permission !== "tenants:manage" && { rate_limited: shellProblems.rate_limited }),
    ...(liveOnly && { live_key_required }),
    ...(body && { malformed_json, payload_too_large, unsupported_media_type }),
    ...(query?.shape.cursor && { invalid_cursor: shellProblems.invalid_cursor }),
    ...(method !== "get" && { idempotency_key_reused: shellProblems.idempotency_key_reused }),
    ...((method === "patch" || method === "delete") && { version_mismatch: shellProblems.version_mismatch, contention: shellProblems.contention }),
  };
}

describe("the OpenAPI document", () => {
  it("is the committed one", () => {
    expect(committed === `${JSON.stringify(document, null, 2)}\n`, "openapi/openapi.json is stale: run `npm run generate` and commit it").toBe(true);
  });

  it("keeps the rules of redocly.yaml", async () => {
    const cli = new URL("../node_modules/.bin/redocly", import.meta.url).pathname;
    const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
    const faults = await promisify(execFile)(cli, ["lint", "openapi/openapi.json"], { cwd: new URL("..", import.meta.url).pathname, env }).then(
      () => "",
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    );
    expect(faults).toBe("");
  }, 60_000);

  it("has every operation, and nothing else", () => {
    expect([...documented].map(([route, { operationId }]) => `${route} ${operationId}`).sort()).toEqual(
      operations.map((declared) => `${routeOf(declared)} ${declared.id}`).sort(),
    );
  });

  it.each(operations.map((declared) => [declared.id, declared] as const))("%s tells its scope, its refusals and how to repeat it", (_, declared) => {
    const { security, description, parameters = [], responses = {} } = entryOf(declared);
    expect(security).toEqual(declared.permission === "public" ? [] : [{ bearer: declared.permission === "any" ? [] : [declared.permission] }]);
    expect(description).toContain("Safe to repeat");
    const names = parameters.map((parameter) => resolved<{ name: string }>(parameter).name);
    expect(names.includes("Idempotency-Key") && names.includes("dryRun")).toBe(declared.method !== "get");
    for (const [code, { status }] of Object.entries({ ...(declared.problems as Problems), ...shellRefusals(declared) })) {
      const { content } = resolved<ResponseObject>(responses[status]);
      expect(Object.keys(content?.["application/problem+json"]?.examples ?? {}), `${status} of ${declared.id}`).toContain(code);
      expect(description).toContain(`\`${code}\``);
    }
  });
});

describe("the examples", () => {
  it.each(operations.map((declared) => [declared.id, declared] as const))("of %s stand with its request and its answer, and fit its schemas", (_, declared) => {
    const { output, example, status } = declared.success;
    if (declared.body) expect(declared.body.safeParse(declared.example).error, `example of ${declared.id}`).toBeUndefined();
    if (status !== 204) expect(output.safeParse(example).error, `success.example of ${declared.id}`).toBeUndefined();
  });

  it("of event types each have a webhook, and fit the object's schema", () => {
    expect(Object.keys(document.webhooks ?? {})).toEqual(eventTypes.map(({ type }) => type));
    for (const { type, object, example } of eventTypes) expect(object.safeParse(example).error, type).toBeUndefined();
  });

  it("of the whole document fit the schema that they stand beside", () => {
    const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true, logger: false }));
    ajv.addSchema(document, "document");
    const faults: string[] = [];
    let checked = 0;
    const visit = (part: unknown, pointer: string): void => {
      if (typeof part !== "object" || part === null) return;
      const { schema, example, examples = {} } = part as MediaTypeObject;
      if (schema && !pointer.includes("/properties/")) {
        const values = [...(example === undefined ? [] : [example]), ...Object.values(examples).map((one) => resolved<{ value: unknown }>(one).value)];
        const validate = ajv.compile({ $ref: `document#${pointer}/schema` });
        for (const value of values) {
          checked += 1;
          if (!validate(value)) faults.push(`${pointer}: ${ajv.errorsText(validate.errors)}`);
        }
      }
      for (const [name, child] of Object.entries(part))
        if (name !== "example" && name !== "examples") visit(child, `${pointer}/${encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"))}`);
    };
    visit(document, "");
    expect(faults).toEqual([]);
    expect(checked).toBeGreaterThan(operations.length);
  });
});

describe("openApiDocument", () => {
  const stated = (id: string, more: object) =>
    ({
      id,
      summary: id,
      method: "post",
      path: `/v1/${id}`,
      permission: "any",
      body: z.object({}),
      success: { status: 200, output: z.object({}) },
      problems: {},
      run: () => Promise.reject(),
      ...more,
    }) as unknown as AnyOperation;

  it("calls the request form of a schema <Name>Input where unknown fields are refused in requests only", () => {
    const Inner = z.strictObject({ a: z.string().default("x") }).meta({ id: "TestInner" });
    const Outer = z.object({ inner: Inner }).meta({ id: "TestOuter" });
    const { components } = openApiDocument({ tenants: [stated("things", { body: Outer, success: { status: 200, output: Outer } })] });
    expect(components?.schemas).toMatchObject({
      TestInner: expect.not.objectContaining({ additionalProperties: false }),
      TestInnerInput: { additionalProperties: false },
      TestOuter: { properties: { inner: { $ref: "#/components/schemas/TestInner" } } },
      TestOuterInput: { properties: { inner: { $ref: "#/components/schemas/TestInnerInput" } } },
    });
  });

  it("tells the discriminator of a union of named schemas", () => {
    const Card = z.object({ kind: z.literal("card"), number: z.string() }).meta({ id: "TestCard" });
    const Cash = z.object({ kind: z.literal("cash") }).meta({ id: "TestCash" });
    const { components } = openApiDocument({
      tenants: [stated("payments", { success: { status: 200, output: z.discriminatedUnion("kind", [Card, Cash]).meta({ id: "TestMeans" }) } })],
    });
    expect(components?.schemas?.["TestMeans"]).toEqual({
      oneOf: [{ $ref: "#/components/schemas/TestCard" }, { $ref: "#/components/schemas/TestCash" }],
      discriminator: { propertyName: "kind", mapping: { card: "#/components/schemas/TestCard", cash: "#/components/schemas/TestCash" } },
    });
  });

  it("refuses a problem code that means two things", () => {
    const declares = (id: string, title: string) => stated(id, { problems: { test_taken: { status: 409, title } } });
    expect(() => openApiDocument({ tenants: [declares("one", "Taken."), declares("two", "Gone.")] })).toThrow(/two declares "test_taken"/);
  });
});

describe("the documentation", () => {
  const get = async (routeKey: string, headers: Record<string, string> = {}, pathParameters: Record<string, string> = {}) => {
    const requestContext = { requestId: "req_test", domainName: "clientele.example", http: { method: "GET" } };
    const event = { routeKey, headers, pathParameters, requestContext } as unknown as APIGatewayProxyEventV2;
    return (await handler(event, {} as Context)) as APIGatewayProxyStructuredResultV2 & { body: string; headers: Record<string, string> };
  };

  it("serves the committed document, and 304 to who has it", async () => {
    const answer = await get("GET /openapi.json");
    expect(answer.body).toBe(committed);
    expect((await get("GET /openapi.json", { "if-none-match": answer.headers["etag"] ?? "" })).statusCode).toBe(304);
  });

  it("lets the page load nothing from another host", async () => {
    const { headers, body } = await get("GET /docs");
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(headers["content-security-policy"]).not.toMatch(/https?:|\*/);
    expect(body).not.toMatch(/https?:/);
    expect((await get("GET /docs/scalar.js")).body).toContain("@scalar/api-reference");
  });

  it("stays under the 6 MB that a Lambda may answer", async () => {
    for (const routeKey of documentRoutes.filter((route) => !route.includes("{")))
      for (const encoding of ["identity", "gzip"]) expect((await get(routeKey, { "accept-encoding": encoding })).body?.length ?? 0).toBeLessThan(6_000_000);
  });

  it("explains every code on the page that its problem's type names", async () => {
    for (const [code, { title, status }] of Object.entries(problemCatalogue(operations))) {
      const { statusCode, body } = await get("GET /problems/{code}", {}, { code });
      expect(statusCode, code).toBe(200);
      expect(body).toContain(`HTTP ${status}`);
      expect(body.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&amp;", "&")).toContain(title);
    }
  });

  it("answers 404 to a code that there is not", async () => {
    const { statusCode, headers, body } = await get("GET /problems/{code}", {}, { code: "constructor" });
    expect([statusCode, headers["content-type"], JSON.parse(body).code]).toEqual([404, "application/problem+json", "route_not_found"]);
  });
});
