/**
 * An AWS account on loopback: DynamoDB behind IAM, and STS, at one address. Requests are allowed as the synthesised policies
 * say, and served by the engine. Who signs is known by the access key; signatures themselves are not checked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Authority, Principal } from "./authority.ts";

export type Account = { readonly endpoint: string; stop(): void };

const sessionSeconds = 3_600;
const jsonType = { "content-type": "application/x-amz-json-1.0" };
const engineHeaders = {
  ...jsonType,
  authorization: "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=local",
};

/** `engine` is the address of what serves the requests that are allowed. */
export async function startAccount(authority: Authority, engine: string): Promise<Account> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const caller = authority.holderOf(/Credential=([^/]+)/.exec(request.headers.authorization ?? "")?.[1] ?? "");
    const target = request.headers["x-amz-target"]?.toString();
    if (!caller) response.writeHead(403).end("Nobody has this access key.");
    else if (target === undefined) answerSts(response, authority, caller, new URLSearchParams(body));
    else if (!authority.allows(caller, target.split(".")[1] ?? "", JSON.parse(body))) response.writeHead(400, jsonType).end(denied);
    else await forward(engine, target, body, response);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const denied = JSON.stringify({ __type: "com.amazon.coral.service#AccessDeniedException", Message: "User is not authorized to perform this." });

async function forward(engine: string, target: string, body: string, response: ServerResponse): Promise<void> {
  const answer = await fetch(engine, { method: "POST", headers: { ...engineHeaders, "x-amz-target": target, "x-amz-date": "20260101T000000Z" }, body });
  response.writeHead(answer.status, jsonType).end(await answer.text());
}

/** AssumeRole is all that anybody asks for. */
function answerSts(response: ServerResponse, authority: Authority, caller: Principal, asked: URLSearchParams): void {
  const tags: Record<string, string> = {};
  for (let number = 1; asked.has(`Tags.member.${number}.Key`); number++)
    tags[asked.get(`Tags.member.${number}.Key`) as string] = asked.get(`Tags.member.${number}.Value`) ?? "";
  const accessKey = authority.assumeRole(caller, asked.get("RoleArn") ?? "", tags);
  const expiration = new Date(Date.now() + sessionSeconds * 1000).toISOString();
  const body = accessKey
    ? `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${accessKey}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
    : `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRole.</Message></Error></ErrorResponse>`;
  response.writeHead(accessKey ? 200 : 403, { "content-type": "text/xml" }).end(body);
}
