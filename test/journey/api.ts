/** A small client of the public API: what an integrator writes, and nothing of the product's inside. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

// biome-ignore lint/suspicious/noExplicitAny: journeys look into answers of every shape; what they expect is in their assertions.
export type Json = any;
export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Json };
export type CallOptions = { readonly body?: unknown; readonly headers?: Record<string, string> };
export type Api = {
  /** `key` undefined sends no credential. Every write has an idempotency key; what was not done or not answered is tried again under it. */
  call(key: string | undefined, method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** The body of an answer that must be a success. */
  done(key: string, method: string, path: string, body?: unknown): Promise<Json>;
  /** All of a list, page by page. */
  all(key: string, path: string): Promise<Json[]>;
};

const attemptsMax = 6;
const requestTimeoutMilliseconds = 30_000;

export function apiAt(baseUrl: string): Api {
  const api: Api = {
    async call(key, method, path, { body, headers } = {}) {
      const isWrite = method !== "GET";
      const request: RequestInit = {
        method,
        headers: {
          ...(key && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(isWrite && { "idempotency-key": randomUUID() }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: "manual",
      };
      for (let attempt = 1; ; attempt++) {
        const answer = await send(baseUrl + path, request).catch((error: Error) => error);
        if (attempt < attemptsMax && isWorthRepeating(answer)) await pause(waitMilliseconds(answer, attempt));
        else if (answer instanceof Error) throw answer;
        else return answer;
      }
    },
    async done(key, method, path, body) {
      const answer = await api.call(key, method, path, { body });
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    async all(key, path) {
      const rows: Json[] = [];
      for (let cursor = ""; ; ) {
        const page = await api.done(key, "GET", `${path}${path.includes("?") ? "&" : "?"}limit=100${cursor}`);
        rows.push(...page.data);
        if (!page.hasMore) return rows;
        cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
      }
    },
  };
  return api;
}

async function send(url: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(requestTimeoutMilliseconds) });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") && text !== "";
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** No answer, not now, or somebody else wrote first. A 429 without a code is the gateway's own; the product's are part of journeys. */
function isWorthRepeating(answer: Answer | Error): boolean {
  if (answer instanceof Error) return true;
  const { status, body } = answer;
  return status === 503 || (status === 409 && body.code === "contention") || (status === 429 && body.code === undefined);
}

function waitMilliseconds(answer: Answer | Error, attempt: number): number {
  const told = answer instanceof Error ? undefined : answer.headers.get("retry-after");
  // Not all at once, when many wait for the same.
  return told ? Number(told) * 1_000 * (1 + Math.random() / 2) : 200 * 2 ** attempt * Math.random();
}

/** Asks until `found` answers something, for what is eventually consistent: a minute is enough on AWS. */
export async function eventually<Found>(what: string | (() => string), found: () => Promise<Found | undefined | false>, withinSeconds = 60): Promise<Found> {
  const end = Date.now() + withinSeconds * 1_000;
  for (let wait = 50; ; wait = Math.min(wait * 1.5, 1_000)) {
    const answer = await found();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`Not within ${withinSeconds} s: ${typeof what === "string" ? what : what()}.`);
    await pause(wait);
  }
}
