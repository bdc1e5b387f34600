/** The `$default` route: what no other route takes is answered 404, or 405 with the methods that the path has. */
import { shellProblem } from "../domain/kernel/problem.ts";
import { operations } from "../domain/operations.ts";
import { documentRoutes } from "../openapi/document-routes.ts";
import { httpHandler } from "./shell/http-handler.ts";
import { routeOf } from "./shell/route.ts";
import { routerOf } from "./shell/router.ts";

const routes = [...operations.map(routeOf), ...documentRoutes];
const methods = [...new Set(routes.map((route) => route.slice(0, route.indexOf(" "))))];
const find = routerOf(routes.map((route) => [route, route] as const));

export const handler = httpHandler(async ({ rawPath, requestContext }) => {
  const allowed = methods.filter((method) => find(method, rawPath)).join(", ");
  if (allowed) throw shellProblem("method_not_allowed", { detail: `${requestContext.http.method} is not one of ${allowed}.` }, { allow: allowed });
  throw shellProblem("route_not_found", { detail: "The operations are listed at /openapi.json." });
});
