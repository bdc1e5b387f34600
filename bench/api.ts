/** Calls of the product inside this process, from the event of API Gateway on. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { contexts } from "../domain/operations.ts";
import { newId } from "../functions/shell/random.ts";
import { routeOf } from "../functions/shell/route.ts";

type Request = { params?: Record<string, string>; query?: string; body?: object; headers?: Record<string, string> };
/** Sends a request to the operation of a route such as `GET /v1/customers/{customerId}`; throws unless the answer is a success. */
export type Api = (routeKey: string, request?: Request) => Promise<{ id: string } & Record<string, unknown>>;

type Lambda = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

const lambdaNames = new Map(Object.entries(contexts).flatMap(([name, operations]) => operations.map((operation) => [routeOf(operation), name] as const)));
/** The Lambda that serves the route. */
const lambdaOf = async (routeKey: string): Promise<Lambda> => (await import(`../functions/${lambdaNames.get(routeKey) ?? "unmatched"}.ts`)).handler;

export const apiWith =
  (key: string): Api =>
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
    const lambda = await lambdaOf(routeKey);
    const response = await lambda(event, { functionName: "bench" } as Context);
    if ((response.statusCode ?? 500) >= 300) throw new Error(`${routeKey}: ${response.statusCode} ${response.body}`);
    return JSON.parse(response.body ?? "{}");
  };
