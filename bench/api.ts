/** Calls of the product inside this process, from the event of API Gateway on. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { handler as customers } from "../functions/customers.ts";
import { newId } from "../functions/shell/random.ts";

type Request = { params?: Record<string, string>; query?: string; body?: object; headers?: Record<string, string> };
/** Sends a request to the operation of a route such as `GET /v1/customers/{customerId}`; throws unless the answer is a success. */
export type Api = (routeKey: string, request?: Request) => Promise<{ id: string } & Record<string, unknown>>;

type Lambda = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

/** `lambda` is the one that serves the routes. */
export const apiWith =
  (key: string, lambda: Lambda = customers): Api =>
  async (routeKey, { params = {}, query = "", body, headers = {} } = {}) => {
    const [method = "", path = ""] = routeKey.split(" ");
    const rawPath = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
    const event = {
      version: "2.0",
      routeKey,
      rawPath,
      rawQueryString: query,
      headers: { host: "127.0.0.1", authorization: `Bearer ${key}`, ...(body && { "content-type": "application/json" }), ...headers },
      requestContext: { requestId: newId("req"), routeKey, http: { method, path: rawPath, sourceIp: "127.0.0.1" } },
      pathParameters: params,
      ...(body && { body: JSON.stringify(body) }),
      isBase64Encoded: false,
    } as unknown as APIGatewayProxyEventV2;
    const response = await lambda(event, { functionName: "bench" } as Context);
    if ((response.statusCode ?? 500) >= 300) throw new Error(`${routeKey}: ${response.statusCode} ${response.body}`);
    return JSON.parse(response.body ?? "{}");
  };
