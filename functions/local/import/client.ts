/** The running server, over HTTP. */
import { setTimeout as delay } from "node:timers/promises";
import { ImportFailure } from "./failure.ts";

export type Problem = {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly errors?: readonly { in: string; pointer: string; code: string; detail: string }[];
};
/** What became of one item of a batch: what the API answered for it, or why it was refused. */
export type Result = { readonly status: number; readonly problem?: Problem } & Readonly<Record<string, unknown>>;
/** Items with one `lane` keep their order, also when one of them has to be sent again. */
export type Sent = { readonly lane: string; readonly body: object };
export type Client = { readonly baseUrl: string; readonly key: string };
export type Caller = { readonly tenant: { readonly id: string; readonly name: string }; readonly livemode: boolean };

const timeoutMilliseconds = 60_000;
/** With the delays below the last attempt comes about half a minute after the first. */
const attemptsMax = 9;
const delayMilliseconds = (attempt: number) => Math.min(10_000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2);

const unreachable = (error: unknown): Problem => {
  const { name, cause } = error as { name: string; cause?: { code?: string } };
  return { status: 503, code: "unreachable", title: `no answer (${cause?.code ?? name})` };
};

async function call({ baseUrl, key }: Client, path: string, body?: object): Promise<{ status: number; json: unknown; retryAfterSeconds: number }> {
  const response = await fetch(`${baseUrl}${path}`, {
    ...(body && { method: "POST", body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(timeoutMilliseconds),
  });
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json")
    ? JSON.parse(text)
    : { status: response.status, code: "unexpected_answer", title: "The answer is not Clientele's." };
  return { status: response.status, json, retryAfterSeconds: Number(response.headers.get("retry-after") ?? 0) };
}

/** Whom the key stands for. Throws ImportFailure when nobody answers or the key is refused. */
export async function whoAmI(client: Client): Promise<Caller> {
  for (let attempt = 1; ; attempt++) {
    const answer = await call(client, "/v1/me").catch((error: unknown) => {
      throw new ImportFailure(`No Clientele at ${client.baseUrl}: ${unreachable(error).title}. Start it with "npm start", or name another with --url.`);
    });
    if (answer.status === 200) return answer.json as Caller;
    refuseKey(answer.json as Problem);
    if (answer.status === 429) {
      await limitLifted(answer.retryAfterSeconds);
      continue;
    }
    if (answer.status < 500 || attempt === attemptsMax)
      throw new ImportFailure(`${client.baseUrl} answers ${answer.status} ${(answer.json as Problem).code}. Is it a Clientele?`);
    await delay(delayMilliseconds(attempt));
  }
}

/** Those who were refused together should not come back together. */
const limitLifted = (retryAfterSeconds: number) => delay(retryAfterSeconds * 1000 * (1 + Math.random() / 2));

function refuseKey({ status, code, title }: Problem): void {
  if (status === 401 || status === 403) throw new ImportFailure(`The key is refused: ${title} (${status} ${code})`);
}

/**
 * Sends up to 100 items and answers what became of each, in their order. What fails for a passing reason (no answer,
 * overload, contention) is sent again with growing delays; so every item must be safe to repeat. A rate limit is waited
 * for as long as it takes. Throws ImportFailure when the server stays away or refuses the key.
 */
export async function sendBatch(client: Client, path: string, items: readonly Sent[]): Promise<Result[]> {
  const results: Result[] = [];
  let open = [...items.keys()];
  for (let attempt = 1; ; ) {
    const { answers, retryAfterSeconds } = await sendOnce(
      client,
      path,
      open.map((index) => (items[index] as Sent).body),
    );
    for (const [place, index] of open.entries()) if (!isDone(results[index])) results[index] = answers[place] as Result;
    const lanes = new Set(open.filter((index) => isPassing(results[index] as Result)).map((index) => items[index]?.lane));
    if (lanes.size === 0) return results;
    open = [...items.keys()].filter((index) => lanes.has(items[index]?.lane));
    if (answers[0]?.status === 429) {
      await limitLifted(retryAfterSeconds);
      continue;
    }
    if (attempt === attemptsMax) return giveUp(client, results);
    await delay(Math.max(retryAfterSeconds * 1000, delayMilliseconds(attempt)));
    attempt += 1;
  }
}

async function sendOnce(client: Client, path: string, bodies: readonly object[]): Promise<{ answers: Result[]; retryAfterSeconds: number }> {
  const forAll = (problem: Problem): Result[] => bodies.map(() => ({ status: problem.status, problem }));
  try {
    const { status, json, retryAfterSeconds } = await call(client, path, { items: bodies });
    if (status === 207) return { answers: (json as { items: Result[] }).items, retryAfterSeconds };
    refuseKey(json as Problem);
    return { answers: forAll(json as Problem), retryAfterSeconds };
  } catch (error) {
    if (error instanceof ImportFailure) throw error;
    return { answers: forAll(unreachable(error)), retryAfterSeconds: 0 };
  }
}

export const isDone = (result: Result | undefined): boolean => result !== undefined && result.status < 300;
const isPassing = ({ status, problem }: Result): boolean => status >= 500 || status === 429 || problem?.code === "contention";

/** An item that keeps failing by itself is refused like a faulty one; a server that keeps failing ends the import. */
function giveUp(client: Client, results: Result[]): Result[] {
  const away = results.find(({ status }) => status > 500);
  if (away) throw new ImportFailure(`${client.baseUrl} went away: ${away.problem?.title ?? away.status}. The same command goes on where this one stopped.`);
  return results;
}
