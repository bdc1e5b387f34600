import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import tls from "node:tls";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type Behaviour, startReceiver } from "../../../test/receiver.ts";
import { selfSignedCertificate } from "../../../test/self-signed.ts";
import { type PostOptions, post } from "./post.ts";
import { refusalOfTarget } from "./target.ts";

const receiver = await startReceiver();
const certificate = selfSignedCertificate();
const secureReceiver = await startReceiver({ tls: certificate });
afterAll(() => Promise.all([receiver.stop(), secureReceiver.stop()]));
afterEach(() => {
  receiver.requests.length = 0;
  receiver.behave({});
});

const local = { allowLoopback: true };
const body = JSON.stringify({ text: "Zoë – ☕" });
const send = (options: Partial<PostOptions> = {}, url = `${receiver.url}/hooks`) => post(url, { "webhook-id": "evt_1" }, body, { ...local, ...options });
const sendTo = (behaviour: Behaviour, options?: Partial<PostOptions>) => {
  receiver.behave(behaviour);
  return send(options);
};
/** Receivers have connections and requests; whoever is refused an address must not have made even a connection. */
const reached = () => ({ connections: receiver.connections() + secureReceiver.connections(), requests: receiver.requests.length });

describe("an answer", () => {
  test("is told with its status, headers and body; the receiver got the body as it was given", async () => {
    expect(await sendTo({ status: 202, headers: { "X-Trace": "7", "set-cookie": "a=1" }, body: "taken ✓" })).toEqual({
      latencyMilliseconds: expect.any(Number),
      status: 202,
      headers: expect.objectContaining({ "x-trace": "7", "set-cookie": "a=1" }),
      body: "taken ✓",
    });
    expect(receiver.requests).toEqual([expect.objectContaining({ method: "POST", path: "/hooks", body })]);
    expect(receiver.requests[0]?.headers).toMatchObject({ "webhook-id": "evt_1", "content-length": String(Buffer.byteLength(body)) });
  });

  test.each([204, 400, 410, 500])("with status %d is an answer, not a failure", async (status) => {
    expect(await sendTo({ status })).toMatchObject({ status, body: "" });
  });

  test("of 429 tells when to come back", async () => {
    const attempted = await sendTo({ status: 429, headers: { "retry-after": "7" } });
    expect(attempted).toMatchObject({ status: 429, headers: { "retry-after": "7" } });
    expect(attempted.failure).toBeUndefined();
  });

  test("that takes long is waited for within the time given", async () => {
    const slow = await startReceiver();
    slow.behave({ afterMilliseconds: 200 });
    expect(await send({ connectTimeoutMilliseconds: 100 }, slow.url)).toMatchObject({ status: 200 });
    await slow.stop();
  });

  test("is kept up to 4 KB of valid UTF-8", async () => {
    const long = await sendTo({ body: `x${"é".repeat(4_000)}` });
    expect(long.body).toBe(`x${"é".repeat(2_047)}`);
    const short = await sendTo({ body: "ab☕" }, { responseBytesKept: 4 });
    expect(short.body).toBe("ab");
  });

  test("keeps at most 30 headers and 2 KB of them", async () => {
    const many = await sendTo({ headers: Object.fromEntries(Array.from({ length: 50 }, (_, number) => [`x-${number}`, "a"])) });
    expect(Object.keys(many.headers ?? {})).toHaveLength(30);
    const large = await sendTo({ headers: { "x-large": "a".repeat(8_000), "x-after": "b".repeat(5_000) } });
    expect(JSON.stringify(large.headers).length).toBeLessThan(2_500);
    expect(large.headers?.["x-large"]).toMatch(/^a{2000,2048}$/);
  });

  test("of 10 MB is cut", async () => {
    receiver.behave("huge");
    const sentBefore = receiver.bytesSent();
    const attempts = await Promise.all(Array.from({ length: 20 }, () => send()));
    for (const { status, body, failure } of attempts)
      expect({ status, length: body?.length, failure }).toEqual({ status: 200, length: 4_096, failure: undefined });
    // What is sent beyond the 64 KB that are read lies in the buffers of the operating system.
    expect(receiver.bytesSent() - sentBefore).toBeLessThan(20 * 8 * 1024 * 1024);
  });
});

describe("a redirect", () => {
  test("is not followed, neither to a private address nor on the same host", async () => {
    const inside = await startReceiver();
    for (const location of [`${inside.url}/latest/meta-data`, "/elsewhere"]) {
      for (const status of [301, 302, 303, 307, 308]) {
        expect(await sendTo({ status, headers: { location } })).toMatchObject({ status, headers: { location } });
      }
    }
    expect(inside.connections()).toBe(0);
    expect(receiver.requests.map(({ path }) => path)).toEqual(Array(10).fill("/hooks"));
    await inside.stop();
  });
});

describe("a failure is named:", () => {
  test("nobody listens", async () => {
    const closed = await startReceiver();
    await closed.refuse();
    expect(await send({}, closed.url)).toMatchObject({ failure: "connection_refused" });
    await closed.reopen();
    expect(await send({}, closed.url)).toMatchObject({ status: 200 });
    await closed.stop();
  });

  test.each<[Behaviour, object]>([
    ["hang", { failure: "timeout" }],
    [{ afterMilliseconds: 20_000 }, { failure: "timeout" }],
    ["hang mid-body", { failure: "timeout", status: 200, body: "a part" }],
    ["reset", { failure: "connection_reset" }],
    ["reset mid-body", { failure: "connection_reset", status: 200, body: "a part" }],
    ["end mid-body", { failure: "connection_reset", status: 200, body: "a part" }],
    ["not http", { failure: "invalid_answer" }],
    [{ status: 101, headers: { connection: "upgrade", upgrade: "websocket" } }, { failure: "invalid_answer" }],
  ])("%j", async (behaviour, expected) => {
    const attempted = await sendTo(behaviour, { timeoutMilliseconds: 300 });
    expect(attempted).toMatchObject({ ...expected, failureDetail: expect.stringMatching(/./) });
    expect("status" in attempted).toBe("status" in expected);
    expect(receiver.requests).toHaveLength(1);
  });

  test("a name without an address, and name servers that do not answer", async () => {
    const url = "https://hooks.example.com/";
    const notFound = Object.assign(new Error("queryA ENOTFOUND"), { code: "ENOTFOUND" });
    expect(await send({ resolve: () => Promise.reject(notFound) }, url)).toMatchObject({ failure: "dns_error" });
    expect(await send({ resolve: async () => [] }, url)).toMatchObject({ failure: "dns_error" });
    expect(await send({ resolve: () => new Promise(() => {}), connectTimeoutMilliseconds: 50 }, url)).toMatchObject({ failure: "connect_timeout" });
  });

  test("headers that cannot be sent", async () => {
    expect(await post(receiver.url, { "x-split": "a\r\nhost: b" }, body, local)).toMatchObject({ failure: "other" });
    expect(receiver.requests).toEqual([]);
  });
});

describe("TLS", () => {
  const url = `${secureReceiver.url}/hooks`;

  test("nothing is sent to a receiver whose certificate nobody vouches for, or that speaks no TLS", async () => {
    expect(await send({}, url)).toMatchObject({ failure: "tls_error", failureDetail: "self-signed certificate" });
    expect(await send({}, receiver.url.replace("http:", "https:"))).toMatchObject({ failure: "tls_error" });
    expect(secureReceiver.requests).toEqual([]);
  });

  test("nothing is sent although the environment says that certificates do not matter", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    expect(await send({}, url)).toMatchObject({ failure: "tls_error" });
    delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  });

  test("a handshake that never ends is a connection that took too long", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    expect(await send({ connectTimeoutMilliseconds: 50 }, `https://127.0.0.1:${port}/`)).toMatchObject({ failure: "connect_timeout" });
    silent.close();
  });

  test("a certificate that is trusted takes the post, for its own host only", async () => {
    const trusted = tls.getCACertificates();
    tls.setDefaultCACertificates([...trusted, certificate.cert]);
    expect(await send({}, url)).toMatchObject({ status: 200 });
    expect(await send({}, url.replace("localhost", "127.0.0.1"))).toMatchObject({ status: 200 });
    expect(secureReceiver.requests).toHaveLength(2);
    tls.setDefaultCACertificates(trusted);
  });
});

describe("no connection is made", () => {
  const name = `https://hooks.example.com:${secureReceiver.port}/hooks`;

  test("to an address that the name did not have when it was checked (DNS rebinding)", async () => {
    const answers = [["8.8.8.8"], ["127.0.0.1"]];
    const resolve = async () => answers.shift() ?? [];
    for (const allowLoopback of [false, true]) {
      answers.splice(0, 2, ["8.8.8.8"], ["127.0.0.1"]);
      const before = reached();
      expect(await refusalOfTarget(name, { allowLoopback, resolve })).toBeUndefined();
      expect(await send({ allowLoopback, resolve }, name)).toMatchObject({ failure: "address_not_allowed" });
      expect(answers).toEqual([]);
      expect(reached()).toEqual(before);
    }
  });

  test("when any one of the addresses is private, whichever place it has", async () => {
    const before = reached();
    for (const addresses of [["127.0.0.1", "8.8.8.8"], ["8.8.8.8", "127.0.0.1"], ["::1", "8.8.8.8"], ["::ffff:127.0.0.1"], ["not an address"]]) {
      const attempted = await send({ resolve: async () => addresses }, name);
      expect(attempted, addresses.join()).toMatchObject({ failure: "address_not_allowed" });
      expect(attempted.failureDetail).not.toContain("127.0.0.1");
    }
    expect(reached()).toEqual(before);
  });

  test("to a literal, however it is written, or to localhost, outside local mode", async () => {
    const before = reached();
    for (const host of ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:7f00:1]", "[::1]", "localhost", "0"]) {
      for (const [scheme, { port }] of [["http", receiver] as const, ["https", secureReceiver] as const]) {
        expect(await send({ allowLoopback: false }, `${scheme}://${host}:${port}/`), host).toMatchObject({ failure: "address_not_allowed" });
      }
    }
    expect(reached()).toEqual(before);
  });

  test("a name is resolved once for a connection: what was checked is what is connected to", async () => {
    let asked = 0;
    // An address that would be public, in a network that nobody was given.
    const resolve = async () => [asked++ === 0 ? "2000::1" : "127.0.0.1"];
    const before = reached();
    const attempted = await send({ resolve, connectTimeoutMilliseconds: 100 }, name);
    expect(attempted.failure).not.toBe("tls_error");
    expect(asked).toBe(1);
    expect(reached()).toEqual(before);
  });
});

describe("connections", () => {
  test("are kept for the next post", async () => {
    const kept = await startReceiver();
    for (let count = 0; count < 5; count++) expect((await send({}, kept.url)).status).toBe(200);
    expect(kept.connections()).toBe(1);
    await kept.stop();
  });

  test("that were kept and are reset when used again are replaced once by a fresh one", async () => {
    const stale = await startReceiver();
    stale.behave({}, "reset", { status: 201 });
    expect((await send({}, stale.url)).status).toBe(200);
    expect((await send({}, stale.url)).status).toBe(201);
    expect({ connections: stale.connections(), requests: stale.requests.length }).toEqual({ connections: 2, requests: 3 });

    stale.behave({}, "reset");
    expect((await send({}, stale.url)).status).toBe(200);
    expect(await send({}, stale.url)).toMatchObject({ failure: "connection_reset" });
    expect(stale.requests).toHaveLength(6);
    await stale.stop();
  });

  test("that were kept are replaced by a fresh one and not by another that was kept and may be as stale", async () => {
    const stale = await startReceiver();
    await Promise.all([send({}, stale.url), send({}, stale.url)]);
    expect(stale.connections()).toBe(2);
    stale.behave("reset", { status: 201 });
    expect((await send({}, stale.url)).status).toBe(201);
    expect(stale.connections()).toBe(3);
    await stale.stop();
  });

  test("are closed when the answer came before the receiver took the whole request", async () => {
    const early = createServer((socket) => socket.pause().write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")).listen(0, "127.0.0.1");
    const connected = once(early, "connection");
    await once(early, "listening");
    const long = "x".repeat(32 * 1024 * 1024);
    expect(await post(`http://127.0.0.1:${(early.address() as AddressInfo).port}/`, {}, long, local)).toMatchObject({ status: 200 });
    const [socket] = await connected;
    await once(socket.on("error", () => {}).resume(), "close");
    expect(socket.bytesRead).toBeLessThan(long.length);
    early.close();
  });

  test("that were kept are not replaced when the receiver is silent, or has begun to answer", async () => {
    const kept = await startReceiver();
    kept.behave({}, "hang", {}, "reset mid-body");
    expect((await send({}, kept.url)).status).toBe(200);
    expect(await send({ timeoutMilliseconds: 100 }, kept.url)).toMatchObject({ failure: "timeout" });
    expect((await send({}, kept.url)).status).toBe(200);
    expect(await send({}, kept.url)).toMatchObject({ failure: "connection_reset", status: 200 });
    expect(kept.requests).toHaveLength(4);
    await kept.stop();
  });
});
