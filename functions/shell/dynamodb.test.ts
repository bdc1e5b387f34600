import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";

type Sent = { target: string; length: number; text: string };
const sent: Sent[] = [];
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  sent.push({ target: String(request.headers["x-amz-target"]), length: Number(request.headers["content-length"]), text: Buffer.concat(chunks).toString() });
  response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
}).listen(0, "127.0.0.1");
await once(server, "listening");
afterAll(() => server.close());

process.env["DYNAMODB_ENDPOINT"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const { writeItems } = await import("./dynamodb.ts");

test("a transaction on a local engine carries no token on the wire, and every byte of the items", async () => {
  const item = (pk: string) => ({ pk, sk: "META", version: 1, document: JSON.stringify({ text: 'é ,"ClientRequestToken":"kept"' }) });
  await writeItems([{ put: item("a") }, { put: item("b") }]);
  const [{ target, length, text } = { target: "", length: 0, text: "{}" }] = sent;
  expect(target).toBe("DynamoDB_20120810.TransactWriteItems");
  expect(length).toBe(Buffer.byteLength(text));
  const { ClientRequestToken: token, TransactItems: items } = JSON.parse(text);
  expect(token).toBeUndefined();
  expect(items.map(({ Put }: { Put: { Item: { document: { S: string } } } }) => Put.Item.document.S)).toEqual([item("a").document, item("b").document]);
});
