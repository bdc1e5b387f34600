/** The contract: what the document says is there, and every answer has the documented form. */
import { describe, expect, test } from "vitest";
import type { Answer, Json } from "./api.ts";
import type { Deployment } from "./deployment.ts";

type Documented = { readonly method: string; readonly path: string; readonly isPublic: boolean };
const methods = ["get", "post", "put", "patch", "delete"];
const requestsAtOnce = 8;

/** `application/problem+json` as documented, whatever went wrong. */
function expectProblem({ status, headers, body }: Answer, expected: number, code: string): void {
  expect({ status, code: body.code, type: headers.get("content-type")?.split(";")[0] }).toEqual({ status: expected, code, type: "application/problem+json" });
  expect(body).toMatchObject({
    status,
    title: expect.any(String),
    type: expect.stringMatching(/^https?:.+\/problems\//),
    requestId: headers.get("request-id"),
  });
}

export function contractJourneys({ target, call, shop }: Deployment): void {
  const load = async (): Promise<Json> => {
    const { status, body } = await call(undefined, "GET", "/openapi.json");
    expect([status, body.openapi?.slice(0, 3)]).toEqual([200, "3.1"]);
    return body;
  };

  describe("the contract", () => {
    test("every operation of /openapi.json has a route: 401 without a credential, 200 where none is needed", async () => {
      const waiting = operationsOf(await load());
      expect(waiting.length).toBeGreaterThan(90);
      const wrong: string[] = [];
      const ask = async () => {
        for (let one = waiting.shift(); one; one = waiting.shift()) {
          const { status } = await call(undefined, one.method, one.path);
          if (status !== (one.isPublic ? 200 : 401)) wrong.push(`${one.method} ${one.path}: ${status}`);
        }
      };
      await Promise.all(Array.from({ length: requestsAtOnce }, ask));
      expect(wrong).toEqual([]);
    });

    test("refusals of every kind are problems with the documented members, and their type is a page that opens", async () => {
      const { live } = await shop();
      const malformed = await call(live, "POST", "/v1/customers", { body: { displayNmae: "Typo" } });
      expectProblem(malformed, 400, "invalid_input");
      expect(malformed.body.errors).toMatchObject([{ pointer: expect.any(String), code: expect.any(String), detail: expect.any(String) }]);
      const refusals: [Answer, number, string][] = [
        [malformed, 400, "invalid_input"],
        [await call(undefined, "GET", "/v1/me"), 401, "unauthenticated"],
        [await call(live, "GET", "/v1/tenants"), 403, "insufficient_scope"],
        [await call(live, "GET", "/v1/nothing-here"), 404, "route_not_found"],
        [await call(live, "POST", "/v1/customers", { body: {}, headers: { "content-type": "text/plain" } }), 415, "unsupported_media_type"],
        [await call(live, "POST", "/v1/customers", { body: { displayName: "x".repeat(300_000) } }), 413, "payload_too_large"],
      ];
      for (const [answer, status, code] of refusals) {
        expectProblem(answer, status, code);
        const page = await call(undefined, "GET", new URL(answer.body.type).pathname);
        expect([answer.body.type, page.status, page.headers.get("content-type")]).toEqual([
          `${target.baseUrl}/problems/${code}`,
          200,
          "text/html; charset=utf-8",
        ]);
        expect(page.body).toContain(code);
      }
    });

    test.each([
      ["PUT", "/v1/customers", "GET, POST"],
      ["DELETE", "/v1/me", "GET"],
      ["POST", "/docs", "GET"],
    ])("%s %s is 405, and Allow names %s", async (method, path, allowed) => {
      const answer = await call(undefined, method, path);
      expectProblem(answer, 405, "method_not_allowed");
      expect(answer.headers.get("allow")?.split(", ").toSorted().join(", ")).toBe(allowed);
    });

    test("/docs is a page that gets its program and the document from the same address", async () => {
      const page = await call(undefined, "GET", "/docs");
      expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      const [, program = ""] = /<script src="(\/[^"]+)"/.exec(page.body) ?? [];
      const { status, headers, body } = await call(undefined, "GET", program);
      expect([status, headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
      expect(body.length).toBeGreaterThan(1_000_000);
    });
  });
}

/** Every operation, at a path with the examples of its parameters. */
function operationsOf(document: Json): Documented[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods
      .filter((method) => (item as Json)[method])
      .map((method) => {
        const { parameters = [], security } = (item as Json)[method];
        const examples = new Map(
          parameters
            .map((parameter: Json) => resolve(document, parameter))
            .map(({ name, example, schema }: Json) => [name, example ?? resolve(document, schema).example]),
        );
        return {
          method: method.toUpperCase(),
          path: path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(examples.get(name) ?? name))),
          isPublic: security?.length === 0,
        };
      }),
  );
}

/** What a reference stands for. */
function resolve(document: Json, part: Json): Json {
  const pointer: string | undefined = part?.$ref;
  return pointer
    ? resolve(
        document,
        pointer
          .slice(2)
          .split("/")
          .reduce((at, name) => at[name], document),
      )
    : (part ?? {});
}
