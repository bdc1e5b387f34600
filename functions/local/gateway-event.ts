/** An HTTP request as API Gateway hands it to a Lambda: HTTP API, payload version 2.0. */
import type { IncomingMessage } from "node:http";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { newId } from "../shell/random.ts";

export type Target = { readonly routeKey: string; readonly params: Record<string, string> };

/** `body` is the whole body; empty when there was none. */
export function gatewayEvent(
  request: IncomingMessage,
  rawPath: string,
  rawQueryString: string,
  { routeKey, params }: Target,
  body: Buffer | undefined,
): APIGatewayProxyEventV2 {
  const now = new Date();
  const headers = request.headers as Record<string, string>;
  // Links in answers start with the address that the client used.
  headers["x-forwarded-proto"] = "http";
  const cookies = headers["cookie"];
  if (cookies !== undefined) delete headers["cookie"];
  const isText = body === undefined || isTextual(headers["content-type"]);
  return {
    version: "2.0",
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookies !== undefined && { cookies: cookies.split("; ") }),
    headers,
    requestContext: {
      accountId: "000000000000",
      apiId: "local",
      domainName: headers["host"] ?? "localhost",
      domainPrefix: "local",
      http: {
        method: request.method ?? "",
        path: rawPath,
        protocol: request.httpVersion === "1.1" ? "HTTP/1.1" : "HTTP/1.0",
        sourceIp: request.socket.remoteAddress ?? "",
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: newId("req", now),
      routeKey,
      stage: "$default",
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    pathParameters: params,
    ...(body && { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: !isText,
  };
}

/** API Gateway hands over text as it is and everything else as base64. */
const isTextual = (contentType = ""): boolean => contentType.startsWith("application/json") || contentType.startsWith("text/");

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
let lastTime = { second: 0, text: "" };
/** Such as 21/Nov/2026:09:30:00 +0000. */
function commonLogTime(now: Date): string {
  const second = Math.floor(now.getTime() / 1000);
  if (second !== lastTime.second) {
    const [date = "", time = ""] = now.toISOString().split("T");
    const [year, month, day] = date.split("-");
    lastTime = { second, text: `${day}/${months[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000` };
  }
  return lastTime.text;
}
