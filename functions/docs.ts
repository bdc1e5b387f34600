/** The HTTP Lambda of the documentation: no credential, no request to another host. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { OpenAPIObject } from "openapi3-ts/oas31";
import { shellProblem } from "../domain/kernel/problem.ts";
import { docsPage, scalarModule } from "../openapi/docs-page.ts";
import type { documentRoutes } from "../openapi/document-routes.ts";
import { problemEntries, problemPage } from "../openapi/problem-page.ts";
import { httpHandler } from "./shell/http-handler.ts";
import { tell } from "./shell/request-log.ts";

type Event = APIGatewayProxyEventV2;
type Response = APIGatewayProxyStructuredResultV2;
type Page = { readonly type: string; readonly body: Buffer; readonly etag: string; gzipped?: Buffer };

const once = <Value>(make: () => Value) => {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
};
const page = (type: string, body: string | Buffer): Page => ({
  type,
  body: Buffer.from(body),
  etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
});

/** A deployment has the file beside its bundle (infra/lambda-bundles.ts); else it is read from where it is made. */
function read(source: string): Buffer {
  const beside = new URL(basename(source), import.meta.url);
  return readFileSync(existsSync(beside) ? beside : new URL(import.meta.resolve(source)));
}

const openApiText = once(() => read("../openapi/openapi.json"));
const document = once(() => page("application/json", openApiText()));
const reference = once(() => page("text/html; charset=utf-8", docsPage));
const scalar = once(() => page("text/javascript; charset=utf-8", read(scalarModule)));
const problems = once(() => problemEntries(JSON.parse(openApiText().toString()) as OpenAPIObject));

const answers: Record<(typeof documentRoutes)[number], (event: Event) => Response> = {
  "GET /": () => ({ statusCode: 302, headers: { location: "/docs" } }),
  "GET /openapi.json": (event) => send(event, document(), 300),
  "GET /docs": (event) => send(event, reference(), 300),
  "GET /docs/scalar.js": (event) => send(event, scalar(), 86_400),
  "GET /problems/{code}": (event) => {
    const entry = problems().get(event.pathParameters?.["code"] ?? "");
    if (!entry) throw shellProblem("route_not_found", { detail: "No problem has this code." });
    return send(event, page("text/html; charset=utf-8", problemPage(entry)), 300);
  },
};
export const handler = httpHandler(async (event) => {
  tell(event, { operation: "docs" });
  const answer = answers[event.routeKey as keyof typeof answers];
  if (!answer) throw shellProblem("route_not_found");
  return answer(event);
});

/** Scalar sets styles on elements, which is all that needs more than `self`. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Compressed when the client takes it: a Lambda answers 6 MB at most, and Scalar alone is 3.6 MB. */
function send({ headers }: Event, content: Page, cacheSeconds: number): Response {
  const common = {
    etag: content.etag,
    vary: "accept-encoding",
    "cache-control": `public, max-age=${cacheSeconds}`,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": contentSecurityPolicy,
  };
  if (headers["if-none-match"]?.split(",").some((tag) => tag.trim() === content.etag)) return { statusCode: 304, headers: common };
  const typed = { ...common, "content-type": content.type };
  if (!/\bgzip\b/.test(headers["accept-encoding"] ?? "")) return { statusCode: 200, headers: typed, body: content.body.toString() };
  content.gzipped ??= gzipSync(content.body);
  return { statusCode: 200, headers: { ...typed, "content-encoding": "gzip" }, body: content.gzipped.toString("base64"), isBase64Encoded: true };
}
