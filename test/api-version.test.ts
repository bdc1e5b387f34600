/** The version that a request, a key and an endpoint speak, over HTTP. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { apiVersionDates, newestApiVersion } from "../domain/api-versions.ts";
import { operation, plan } from "../domain/kernel/operation.ts";
import { openApiDocument } from "../openapi/build.ts";
import { startReceiver } from "./receiver.ts";

process.env["AUTH_CACHE_SECONDS"] = "0";
const { baseUrl, call, eventually, keyWith, newTenant } = await import("./clientele.ts");
const { startServer } = await import("../functions/local/server.ts");
const { httpLambda } = await import("../functions/shell/http.ts");
const { routeOf } = await import("../functions/shell/route.ts");

const receiver = await startReceiver();
afterAll(receiver.stop);
const unknown = { in: "header", pointer: "/api-version", code: "unknown_api_version", detail: `One of ${apiVersionDates.join(", ")}.` };

describe("Api-Version of a request", () => {
  test("names one of the dates, and the answer names it again", async () => {
    const { test: key } = await newTenant();
    for (const headers of [{}, { "api-version": newestApiVersion }] as Record<string, string>[]) {
      const answer = await call(key, "get", "/v1/me", { headers });
      expect([answer.status, answer.headers.get("api-version"), answer.body.apiVersion]).toEqual([200, newestApiVersion, newestApiVersion]);
    }
  });

  test.each(["2026-11-02", "1999-01-01", "", "latest", "2026-11-01, 2026-11-01"])(
    "%j is no date that there is: 400 that names those there are",
    async (date) => {
      const { test: key } = await newTenant();
      const headers = { "api-version": date, "idempotency-key": "once" };
      const refused = await call(key, "post", "/v1/customers", { body: { colour: "red" }, headers });
      expect(refused).toMatchObject({ status: 400, body: { code: "invalid_input", errors: [unknown] } });
      expect(refused.headers.get("api-version")).toBe(newestApiVersion);
      expect((await call(key, "get", "/v1/customers")).body.data).toEqual([]);
    },
  );

  test("is looked at after the credential and the scope", async () => {
    const headers = { "api-version": "1999-01-01" };
    expect((await call(undefined, "get", "/v1/customers", { headers })).status).toBe(401);
    const other = await keyWith(await newTenant(), ["loyalty:read"]);
    expect((await call(other, "get", "/v1/customers", { headers })).status).toBe(403);
  });

  test("is understood where no credential is needed, and a refusal says the version too", async () => {
    expect((await call(undefined, "get", "/.well-known/jwks.json", { headers: { "api-version": newestApiVersion } })).status).toBe(200);
    const { test: key } = await newTenant();
    for (const [path, status] of [
      ["/v1/customers/cus_1", 400],
      ["/v1/nothing", 404],
      ["/v1/customers?cursor=none", 400],
    ] as const) {
      const refused = await call(key, "get", path, { headers: { "api-version": newestApiVersion } });
      expect([refused.status, refused.headers.get("api-version")]).toEqual([status, newestApiVersion]);
    }
  });
});

describe("the pin of a key", () => {
  const create = (key: string, more: object) =>
    call(key, "post", "/v1/api-keys", { body: { name: "Till", scopes: ["customers:read"], livemode: false, ...more } });

  test("is the newest version, or the one that is named", async () => {
    const { live } = await newTenant();
    for (const more of [{}, { apiVersion: newestApiVersion }])
      expect(await create(live, more)).toMatchObject({ status: 201, body: { apiVersion: newestApiVersion } });
  });

  test("cannot be a version that there is not: 400 that points at it, from a new key and from a patch", async () => {
    const { live } = await newTenant();
    const { body: key } = await create(live, {});
    const apiVersion = "1999-01-01";
    const answers = [await create(live, { apiVersion }), await call(live, "patch", `/v1/api-keys/${key.id}`, { body: { apiVersion } })];
    for (const { status, body } of answers)
      expect({ status, errors: body.errors }).toEqual({ status: 400, errors: [expect.objectContaining({ in: "body", pointer: "/apiVersion" })] });
    expect(answers[0]?.body.errors[0].detail).toContain(newestApiVersion);
  });

  test("is moved with the name by a patch, under If-Match; the secret, the scopes and a rotation's overlap stay", async () => {
    const { live } = await newTenant();
    const { body: key } = await create(live, { expiresAt: "2126-11-21T09:30:00.000Z" });
    const rotated = (await call(live, "post", `/v1/api-keys/${key.id}/rotate`, { body: { overlapSeconds: 60 } })).body;
    const patch = (body: object, headers = {}) => call(live, "patch", `/v1/api-keys/${key.id}`, { body, headers });
    expect((await patch({ name: "Till 2" }, { "if-match": '"1"' })).body.code).toBe("version_mismatch");
    const changed = await patch({ name: "Till 2", apiVersion: newestApiVersion }, { "if-match": '"2"' });
    const { secret, ...before } = rotated;
    expect(changed.body).toEqual({ ...before, name: "Till 2", version: 3, updatedAt: changed.body.updatedAt });
    expect((await patch({ apiVersion: newestApiVersion })).body.version).toBe(3);
    for (const working of [key.secret, secret]) expect((await call(working, "get", "/v1/customers")).status).toBe(200);
    for (const body of [{ scopes: ["keys:manage"] }, { allowedCidrs: [] }, { name: null }]) expect((await patch(body)).status).toBe(400);
  });
});

describe("the pin of an endpoint", () => {
  test("is the newest version whatever the caller speaks, or the one that is named; its deliveries say it", async () => {
    const { live } = await newTenant();
    const headers = { "api-version": newestApiVersion };
    for (const more of [{}, { apiVersion: newestApiVersion }]) {
      const made = await call(live, "post", "/v1/webhook-endpoints", { body: { url: `${receiver.url}/pin`, ...more }, headers });
      expect(made.body.apiVersion).toBe(newestApiVersion);
    }
    const { body: customer } = await call(live, "post", "/v1/customers", { body: {} });
    const delivered = await eventually(async () => receiver.requests.find(({ path, body }) => path === "/pin" && body.includes(customer.id)));
    expect(JSON.parse(delivered.body).apiVersion).toBe(newestApiVersion);
  });

  test("cannot be a version that there is not, and a patch that does not name it leaves it", async () => {
    const { live } = await newTenant();
    const body = { url: `${receiver.url}/pin`, apiVersion: "1999-01-01" };
    expect((await call(live, "post", "/v1/webhook-endpoints", { body })).body.errors).toEqual([expect.objectContaining({ pointer: "/apiVersion" })]);
    const { body: endpoint } = await call(live, "post", "/v1/webhook-endpoints", { body: { url: body.url } });
    const patch = (change: object) => call(live, "patch", `/v1/webhook-endpoints/${endpoint.id}`, { body: change });
    expect((await patch({ apiVersion: "1999-01-01" })).body.errors).toEqual([expect.objectContaining({ pointer: "/apiVersion" })]);
    expect((await patch({ apiVersion: null })).status).toBe(400);
    expect((await patch({ description: "Back office" })).body).toMatchObject({ apiVersion: newestApiVersion, version: 2 });
    expect((await patch({ apiVersion: newestApiVersion })).body.version).toBe(2);
  });
});

describe("a deprecated operation", () => {
  const link = "https://docs.example.com/changes#list-birds";
  const Page = z.object({ object: z.literal("list"), data: z.array(z.string()), hasMore: z.boolean(), nextCursor: z.string() }).meta({ id: "Birds" });
  const listBirds = operation({
    id: "listBirds",
    summary: "List birds",
    method: "get",
    path: "/v1/birds",
    permission: "customers:read",
    deprecated: { since: "2026-11-01", sunset: "2027-05-01", link },
    success: { status: 200, output: Page },
    problems: {},
    async run() {
      return plan({ object: "list" as const, data: [], hasMore: true, nextCursor: "more" });
    },
  });

  test("says so on every answer, since when, until when and where to read more; another operation does not", async () => {
    const server = await startServer(0);
    const { sunset: _, ...unended } = listBirds.deprecated as NonNullable<typeof listBirds.deprecated>;
    const listNests = { ...listBirds, id: "listNests", path: "/v1/nests" as const, deprecated: unended };
    server.serve(
      [listBirds, listNests].map((each) => ({ routeKey: routeOf(each), handler: httpLambda([each]) as never })),
      httpLambda([]) as never,
    );
    const { test: key } = await newTenant();
    const get = async (path: string, authorization: string) => {
      const { status, headers } = await fetch(server.baseUrl + path, { headers: { authorization } });
      return [status, ...["deprecation", "sunset", "link"].map((name) => headers.get(name))];
    };
    const [since, sunset, rel] = ["@1793491200", "Sat, 01 May 2027 00:00:00 GMT", `<${link}>; rel="deprecation"`];
    const next = `<${server.baseUrl}/v1/birds?cursor=more>; rel="next"`;
    expect(await get("/v1/birds", `Bearer ${key}`)).toEqual([200, since, sunset, `${next}, ${rel}`]);
    expect(await get("/v1/birds?colour=red", `Bearer ${key}`)).toEqual([400, since, sunset, rel]);
    expect(await get("/v1/nests?colour=red", `Bearer ${key}`)).toEqual([400, since, null, rel]);
    await server.stop();
    const { headers } = await call(key, "get", "/v1/customers");
    expect([headers.get("deprecation"), headers.get("sunset"), headers.get("link")]).toEqual([null, null, null]);
  });

  test("is marked in the document, which names the headers", () => {
    const { paths, components } = openApiDocument({ customers: [listBirds] });
    const described = paths?.["/v1/birds"]?.get;
    expect(described).toMatchObject({ deprecated: true, description: expect.stringContaining("Deprecated since 2026-11-01") });
    expect(Object.keys(described?.responses?.["200"].headers)).toEqual(expect.arrayContaining(["Deprecation", "Sunset", "Link"]));
    expect(Object.keys(components?.headers ?? {})).toEqual(expect.arrayContaining(["Deprecation", "Sunset"]));
  });
});

test("the document offers the header on every operation, with the dates that there are", async () => {
  const { components, paths } = JSON.parse(readFileSync(new URL("../openapi/openapi.json", import.meta.url), "utf8"));
  expect(components.parameters.ApiVersion.schema.enum).toEqual(apiVersionDates);
  for (const operations of Object.values<object>(paths))
    for (const { parameters } of Object.values<{ parameters: unknown }>(operations as never))
      expect(parameters).toContainEqual({ $ref: "#/components/parameters/ApiVersion" });
  expect((await fetch(`${baseUrl}/openapi.json`)).headers.get("api-version")).toBe(newestApiVersion);
});
