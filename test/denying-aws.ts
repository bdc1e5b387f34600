/** DynamoDB that denies some requests and hands the others to the real engine, and STS that denies all: by the words of AWS. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll } from "vitest";
import { deployment } from "../functions/shell/config.ts";

const dynamodbDenial = JSON.stringify({ __type: "com.amazon.coral.service#AccessDeniedException", Message: "User is not authorized to perform this action." });
const stsDenial =
  '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized to perform: sts:AssumeRole</Message></Error><RequestId>1</RequestId></ErrorResponse>';

/** The address; `denied` are requests such as `PutItem`. */
export async function startDenyingAws(denied: readonly string[]): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const name = String(request.headers["x-amz-target"] ?? "").split(".")[1];
    if (name === undefined) return response.writeHead(403, { "content-type": "text/xml" }).end(stsDenial);
    if (denied.includes(name)) return response.writeHead(400, { "content-type": "application/x-amz-json-1.0" }).end(dynamodbDenial);
    const { host: _, connection: _1, "content-length": _2, ...headers } = request.headers as Record<string, string>;
    const answer = await fetch(deployment().endpoint ?? "", { method: "POST", headers, body });
    return response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0" }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
