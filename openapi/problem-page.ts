/** The page at `/problems/{code}`, where the `type` of a problem leads: what it means and what to do. */
import type { OpenAPIObject, OperationObject } from "openapi3-ts/oas31";
import { shellProblems } from "../domain/kernel/problem.ts";

type Answering = { operationId: string; route: string };
export type ProblemEntry = { code: string; status: number; title: string; operations: Answering[] };

/** Every code that the document names, and those of requests that reach no operation. */
export function problemEntries({ paths = {}, components = {} }: OpenAPIObject): Map<string, ProblemEntry> {
  const entries = new Map<string, ProblemEntry>();
  for (const [code, { status, title }] of Object.entries(shellProblems)) entries.set(code, { code, status, title, operations: [] });
  for (const [code, example] of Object.entries(components.examples ?? {})) {
    const { status, title } = (example as { value: ProblemEntry }).value;
    entries.set(code, { code, status, title, operations: [] });
  }
  for (const [path, item] of Object.entries(paths))
    for (const [method, operation] of Object.entries(item as Record<string, OperationObject>))
      for (const code of codesOf(operation))
        entries.get(code)?.operations.push({ operationId: operation.operationId ?? "", route: `${method.toUpperCase()} ${path}` });
  return entries;
}

/** A status with one code refers to the code's response; one with several has an example for each. */
const codesOf = ({ responses = {} }: OperationObject): string[] =>
  Object.values(responses).flatMap((response: { $ref?: string; content?: Record<string, { examples?: object }> }) =>
    response.$ref ? [response.$ref.split("/").at(-1) ?? ""] : Object.keys(response.content?.["application/problem+json"]?.examples ?? {}),
  );

const adviceByCode: Record<string, string> = {
  contention: "Nothing was changed. Wait as many seconds as Retry-After says and send the request again, with the same Idempotency-Key.",
  insufficient_scope: "The member requiredScopes names what is missing. Use a credential that has it, or have one made.",
  address_not_allowed: "Call from an address that the API key allows, or change the key's allowedCidrs.",
  live_key_required: "Use a live API key (ck_live_...). Test keys cannot do this.",
  tenant_suspended: "Ask who runs the service for you why, and have the tenant reactivated.",
  idempotency_key_reused: "Make a new Idempotency-Key for each new request; repeat a key only with the very same request.",
  version_mismatch: "Somebody changed the object since you read it. Read it again, decide again, and send the new ETag as If-Match.",
};
const adviceByStatus: Record<number, string> = {
  400: "Correct the request; sending it again unchanged brings the same answer. The member errors, when present, points to each fault.",
  401: "Send Authorization: Bearer and an API key that is neither expired nor revoked.",
  403: "The credential is known but may not do this. Use another one, or have its rights changed.",
  404: "Check the path and the id. Something of another tenant, or of the other mode (test or live), does not exist for this credential.",
  405: "Use one of the methods in the Allow header.",
  409: "The state of things stands against it. Read the object, and decide again; the other members of the problem say more.",
  413: "Send less in one request, such as a smaller batch.",
  415: "Send the body as JSON, with Content-Type: application/json.",
  422: "The request is understood but cannot be done like this. Correct what the title and the detail name.",
  429: "Slow down: wait as many seconds as Retry-After says.",
  500: "Repeat the request with the same Idempotency-Key: it is done once at most. If it goes on, report the requestId.",
  503: "Wait as many seconds as Retry-After says and repeat the request, with the same Idempotency-Key.",
};

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

const style = `:root{color-scheme:light dark}
body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:3rem 1.25rem}
h1{font-size:1.9rem;line-height:1.25;margin:.4rem 0 1.2rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .4rem}
code{font:.92em ui-monospace,monospace;overflow-wrap:anywhere}
.status{display:inline-block;padding:.1rem .65rem;border:1px solid;border-radius:1rem;font-size:.85rem;opacity:.8}
ul{list-style:none;padding:0}li{padding:.35rem 0;border-top:1px solid color-mix(in srgb,currentColor 15%,transparent)}
li code{display:inline-block;min-width:16rem;margin-right:.75rem}li span{opacity:.7}
footer{margin-top:3rem;font-size:.9rem}`;

export function problemPage({ code, status, title, operations }: ProblemEntry): string {
  const rows = operations.map(({ operationId, route }) => `<li><code>${escaped(operationId)}</code><span>${escaped(route)}</span></li>`).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(code)} - Clientele API</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<span class="status">HTTP ${status}</span>
<h1><code>${escaped(code)}</code></h1>
<p>${escaped(title)}</p>
<h2>What to do</h2>
<p>${escaped(adviceByCode[code] ?? adviceByStatus[status] ?? "")}</p>
<h2>Which operations answer it</h2>
${rows ? `<ul>\n${rows}\n</ul>` : "<p>None: it is the answer to a request that reaches no operation.</p>"}
<footer><a href="/docs">API reference</a></footer>
</body>
</html>
`;
}
