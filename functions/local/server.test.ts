import { connect } from "node:net";
import { expect, test } from "vitest";
import { baseUrl, call, demo } from "../../test/clientele.ts";

/** What the server says to these bytes, whatever they are. */
function say(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(baseUrl).port), "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.setEncoding("utf8").on("data", (text) => (answer += text));
    socket.on("end", () => resolve(answer)).on("error", reject);
  });
}

test("what is not HTTP is answered as a problem, and the server lives on", async () => {
  const answer = await say("NONSENSE\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1.1 400 /);
  expect(answer).toContain("application/problem+json");
  expect(answer).toMatch(/request-id: req_/);
  expect((await call(demo.testKey, "get", "/v1/me")).status).toBe(200);
});

test("a path that cannot be decoded is an unknown path", async () => {
  for (const path of ["/v1/customers/%E0%A4%A", "/%zz", "/v1/customers/%"]) {
    const { status, body } = await call(demo.testKey, "get", path);
    expect({ status, code: body.code }, path).toEqual({ status: 404, code: "route_not_found" });
  }
});

test("path parameters reach the operation decoded, however long they are", async () => {
  const id = `cus_${"é".repeat(500)}`;
  const { status, body } = await call(demo.testKey, "get", `/v1/customers/${encodeURIComponent(id)}`);
  expect([400, 404]).toContain(status);
  expect(body.code).not.toBe("route_not_found");
});

test("a body over the gateway's limit is refused with and without a declared length", async () => {
  const rawBody = JSON.stringify("x".repeat(11 * 1024 * 1024));
  const declared = await call(demo.testKey, "post", "/v1/customers", { rawBody });
  expect(declared).toMatchObject({ status: 413, body: { code: "payload_too_large", detail: expect.stringContaining("10485760") } });
  const chunked = await fetch(`${baseUrl}/v1/customers`, {
    method: "POST",
    headers: { authorization: `Bearer ${demo.testKey}`, "content-type": "application/json" },
    body: new Blob([rawBody]).stream(),
    duplex: "half",
  } as RequestInit);
  expect(chunked.status).toBe(413);
  expect(await chunked.json()).toMatchObject({ code: "payload_too_large", detail: expect.stringContaining("10485760") });
});

test("a known path with another method names the methods it has, for any method", async () => {
  for (const method of ["DELETE", "OPTIONS", "HEAD", "PROPFIND"]) {
    const response = await fetch(`${baseUrl}/v1/me`, { method });
    expect({ method, status: response.status, allow: response.headers.get("allow") }).toEqual({ method, status: 405, allow: "GET" });
  }
});
