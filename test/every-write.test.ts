/** What every write promises: an idempotent replay, a dry run that tells the truth and changes nothing, and preconditions. */
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../domain/kernel/canonical-json.ts";
import type { AnyOperation } from "../domain/kernel/operation.ts";
import { operations } from "../domain/operations.ts";
import { call, type Json, newTenant } from "./clientele.ts";
import { isPlatform, isWrite, type Sample, sampleRequest, send } from "./sample-request.ts";
import { wholeTable } from "./whole-table.ts";

const writes = operations.filter(isWrite);
const isBatch = (operation: AnyOperation) => "item" in operation;

/** Everything in the table about a tenant, besides its rate limits, when its keys were last used, and the log, the deliveries and the accounting that follow a write. */
async function itemsOf({ tenantId }: Sample["tenant"]): Promise<string[]> {
  const about = (await wholeTable()).filter(
    ({ pk, sk, document }) => !/#(?:E[LV]|W[AD]|ACC|USE)#|^RL#/.test(pk) && !/^HEALTH$|^ACCOUNTED$/.test(sk) && `${pk} ${document}`.includes(tenantId),
  );
  return about.map((item) => canonicalJson(item)).toSorted();
}

/** An answer without what differs from one try to the next: ids, times and their hashes, secrets, and how far the log is. */
const masked = (body: Json): Json =>
  JSON.parse(
    JSON.stringify(body)
      .replaceAll(/_[0-9A-HJKMNP-TV-Z]{26}/g, "_<id>")
      .replaceAll(/"[0-9a-f]{64}"/g, '"<hash>"')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
      .replaceAll(/"(\w+Sequence|eventsScanned)":\d+/g, '"$1":"<place>"')
      .replaceAll(/(?:ck_(?:live|test)|whsec)_[^"]+/g, "<secret>"),
  );

describe.concurrent.each(writes.map((operation) => [operation.id, operation] as const))("%s", (_, operation) => {
  test("repeated with its Idempotency-Key: the same answer, and no second effect", async () => {
    const sample = await sampleRequest(operation);
    const headers = { "idempotency-key": "till-7/2026-11-21#1" };
    const first = await send(sample, headers);
    const before = await itemsOf(sample.tenant);
    const second = await send(sample, headers);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect({ status: second.status, body: second.body, etag: second.headers.get("etag") }).toEqual({
      status: first.status,
      body: first.body,
      etag: first.headers.get("etag"),
    });
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await itemsOf(sample.tenant)).toEqual(before);
  });

  test("with an Idempotency-Key that another request used: 422, and no effect", async () => {
    const sample = await sampleRequest(operation);
    const headers = { "idempotency-key": "k" };
    await send(sample, headers);
    const before = await itemsOf(sample.tenant);
    // A request without a body differs by what it expects.
    const answer = await (sample.body === undefined
      ? send(sample, { ...headers, "if-match": '"999"' })
      : send({ ...sample, body: otherBody(operation, sample.body) }, headers));
    expect(answer).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
    expect(await itemsOf(sample.tenant)).toEqual(before);
  });

  test("as a dry run: the answer of the real call, and no effect", async () => {
    const sample = await sampleRequest(operation);
    const before = await itemsOf(sample.tenant);
    const dry = await send(sample, {}, "?dryRun=true");
    expect(await itemsOf(sample.tenant)).toEqual(before);
    const real = await send(sample);
    expect({ status: dry.status, body: masked(dry.body), etag: dry.headers.get("etag") }).toEqual({
      status: real.status,
      body: masked(real.body),
      etag: real.headers.get("etag"),
    });
    expect([dry.headers.get("dry-run"), real.headers.get("dry-run")]).toEqual(["true", null]);
  });

  if (operation.path.includes("{") && !isBatch(operation)) {
    test("with If-Match of another version: 412, and no effect", async () => {
      const sample = await sampleRequest(operation);
      const before = await itemsOf(sample.tenant);
      const answer = await send(sample, { "if-match": '"999"' });
      expect(answer).toMatchObject({ status: 412, body: { code: "version_mismatch" } });
      expect(await itemsOf(sample.tenant)).toEqual(before);
    });
  }

  if (!isPlatform(operation)) {
    test("with an Idempotency-Key that another tenant used: its own effect", async () => {
      const [one, other] = [await sampleRequest(operation), await sampleRequest(operation)];
      await send(one, { "idempotency-key": "shared" });
      expect((await send(other, { "idempotency-key": "shared" })).headers.get("idempotency-replayed")).toBeNull();
    });
  }
});

const another = (value: Json): Json => (typeof value === "number" ? value + 1 : Array.isArray(value) ? [...value, ...value] : `${value}x`);

/** Another valid body: the example with one more thing said, or one thing less. */
function otherBody(operation: AnyOperation, body: Json): Json {
  if (isBatch(operation)) return { items: [...body.items, ...body.items] };
  const candidates = [
    { ...body, metadata: { changed: "yes" } },
    ...Object.keys(body).map((name) => ({ ...body, [name]: undefined })),
    ...Object.keys(body).map((name) => ({ ...body, [name]: another(body[name]) })),
  ];
  const valid = candidates.find((candidate) => operation.body?.safeParse(candidate).success);
  if (!valid) throw new Error(`No other valid body is found for ${operation.id}; give its example a field that may be left out.`);
  return valid;
}

test("an Idempotency-Key that is empty or too long: 400 that points at it", async () => {
  const tenant = await newTenant();
  for (const key of ["x".repeat(256), "a b"]) {
    const answer = await call(tenant.test, "POST", "/v1/customers", { body: {}, headers: { "idempotency-key": key } });
    expect(answer.body.errors).toEqual([expect.objectContaining({ in: "header", pointer: "/idempotency-key" })]);
  }
});
