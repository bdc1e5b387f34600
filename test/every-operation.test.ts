/** What every operation promises, now and in future: the suite ranges over the list and is never told of a new one. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { operations } from "../domain/operations.ts";
import { call, demo, type Json, keyWith, newTenant } from "./clientele.ts";
import { isIdParam, isPlatform, paramsOf, sampleRequest, send } from "./sample-request.ts";

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);

const expectProblem = ({ status, headers, body }: Json, expected: number, code: string) => {
  expect({ status, code: body.code, type: headers.get("content-type") }).toEqual({ status: expected, code, type: "application/problem+json" });
  expect(body).toMatchObject({ status, title: expect.any(String), type: expect.stringMatching(/^http.+\/problems\//), requestId: headers.get("request-id") });
};

describe.concurrent.each(operations.map((operation) => [operation.id, operation] as const))("%s", (_, operation) => {
  const hasIds = Object.values(paramsOf(operation)).some(isIdParam);

  test("answers the sample request with what its schema says and nothing more", async () => {
    const answer = await send(await sampleRequest(operation));
    const { status, alternatives = [], output } = operation.success;
    expect([status, ...alternatives], JSON.stringify(answer.body)).toContain(answer.status);
    expect(answer.headers.get("request-id")).toMatch(/^req_/);
    expect(answer.headers.get("api-version")).toMatch(/^\d{4}-\d\d-\d\d$/);
    const isValid = ajv.compile(z.toJSONSchema(output as z.ZodType, { io: "output" }));
    expect(isValid(answer.body), JSON.stringify(isValid.errors)).toBe(true);
    if (typeof answer.body.version === "number") expect(answer.headers.get("etag")).toBe(`"${answer.body.version}"`);
  });

  const isPublic = operation.permission === "public";
  test(`without a credential, or with one that is none: ${isPublic ? "answered all the same" : "401"}`, async () => {
    const sample = await sampleRequest(operation);
    for (const key of [undefined, "ck_live_garbage", `${sample.tenant.live.slice(0, -1)}!`, sample.tenant.live.replace("live", "test")]) {
      const answer = await send({ ...sample, key });
      if (isPublic) {
        expect(answer.status).toBe(operation.success.status);
        continue;
      }
      expectProblem(answer, 401, "unauthenticated");
      expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    }
  });

  test("may be kept by nobody, unless it is public and says for how long", async () => {
    const { maxAgeSeconds } = operation.success;
    const { headers } = await send(await sampleRequest(operation));
    expect(headers.get("cache-control")).toBe(maxAgeSeconds === undefined ? "no-store" : `public, max-age=${maxAgeSeconds}`);
    expect(maxAgeSeconds === undefined || isPublic).toBe(true);
  });

  if (!isPublic && operation.permission !== "any") {
    test("with a key that lacks the scope: 403 that names it", async () => {
      const sample = await sampleRequest(operation);
      const other = operation.permission === "surveys:read" ? "loyalty:read" : "surveys:read";
      const answer = await send({ ...sample, key: await keyWith(sample.tenant, [other]) });
      expectProblem(answer, 403, "insufficient_scope");
      expect(answer.body.requiredScopes).toEqual([operation.permission]);
    });
  }

  if (operation.liveOnly) {
    test("with a test key: 403", async () => {
      const sample = await sampleRequest(operation);
      expectProblem(await send({ ...sample, key: sample.tenant.test }), 403, "live_key_required");
    });
  }

  if (hasIds && !isPlatform(operation)) {
    test("with another tenant's ids: the 404 of an id that does not exist", async () => {
      const sample = await sampleRequest(operation);
      const stranger = await newTenant();
      const answer = await send({ ...sample, key: stranger.live });
      const absent = await send({ ...sample, key: stranger.live, path: sample.path.replaceAll(/(?<=_)[0-9A-HJKMNP-TV-Z]{26}/g, "01JD3S8K9ZQ4T7N2V5X8B1C6F0") });
      expect(answer.status).toBe(404);
      expect({ ...answer.body, requestId: "" }).toEqual({ ...absent.body, requestId: "" });
      const headersOf = ({ headers }: Json) => [...headers.keys()].filter((name) => name !== "date");
      expect(headersOf(answer)).toEqual(headersOf(absent));
    });
  }

  test("with an unknown query parameter or a repeated one: 400 that points at it", async () => {
    const sample = await sampleRequest(operation);
    const answer = await send(sample, {}, "?colour=red&colour=blue");
    expectProblem(answer, 400, "invalid_input");
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ in: "query", pointer: "/colour", code: "unknown_field" }));
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ in: "query", pointer: "/colour", code: "repeated" }));
  });

  if (hasIds) {
    test("with a malformed id: 400 that points at it", async () => {
      const sample = await sampleRequest(operation);
      const answer = await send({ ...sample, path: sample.path.replace(/(?<=_)[0-9A-HJKMNP-TV-Z]{26}/, "nonsense") });
      expectProblem(answer, 400, "invalid_input");
      expect(answer.body.errors[0]).toMatchObject({ in: "path", pointer: expect.stringMatching(/^\/\w+Id$/) });
    });
  }

  test("with a method that the path does not have: 405 with Allow", async () => {
    const sample = await sampleRequest(operation);
    const matches = ({ path }: { path: string }) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(sample.path.replace(/\?.*/, ""));
    const methods = [...new Set(operations.filter(matches).map(({ method }) => method.toUpperCase()))];
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((one) => !methods.includes(one))) {
      const answer = await call(sample.key, method, sample.path);
      expectProblem(answer, 405, "method_not_allowed");
      expect(answer.headers.get("allow")?.split(", ").sort()).toEqual(methods.toSorted());
    }
  });
});

describe.concurrent.each(operations.filter(({ body }) => body).map((operation) => [operation.id, operation] as const))("the body of %s", (_, operation) => {
  const sendRaw = async (rawBody: string, headers: Record<string, string> = {}) => {
    const { key, path } = await sampleRequest(operation);
    return call(key, operation.method, path, { rawBody, headers });
  };

  test("that is not JSON: 400 with line and column, and nothing of the body", async () => {
    const answer = await sendRaw('{\n  "secretWord": tomato\n}');
    expectProblem(answer, 400, "malformed_json");
    expect(answer.body.detail).toContain("line 2, column 17");
    expect(JSON.stringify(answer.body)).not.toContain("tomato");
  });

  test("with an unknown field: 400 that points at it", async () => {
    const answer = await sendRaw('{"colour/~": "red"}');
    expectProblem(answer, 400, "invalid_input");
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ in: "body", pointer: "/colour~1~0", code: "unknown_field" }));
  });

  test("that is no object: 400", async () => {
    for (const body of ["[]", "null", '"text"', "17"]) expectProblem(await sendRaw(body), 400, "invalid_input");
  });

  test("over 256 KB: 413, and over 10 MB too", async () => {
    for (const bytes of [256 * 1024, 10 * 1024 * 1024]) expectProblem(await sendRaw(JSON.stringify({ filler: "x".repeat(bytes) })), 413, "payload_too_large");
  });

  test("that does not say it is JSON: 415", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
      expectProblem(await sendRaw("{}", { "content-type": type }), 415, "unsupported_media_type");
  });
});

test("a path that does not exist: 404 problem, with or without a credential", async () => {
  for (const key of [undefined, demo.testKey]) {
    for (const path of ["/v1/nothing", "/v2/customers", "/v1/customers/x/y/z/0", "/v1/customers/%E0%A4%A", "/%"]) {
      expect((await call(key, "GET", path)).body, path).toMatchObject({ code: "route_not_found", status: 404 });
    }
  }
});
