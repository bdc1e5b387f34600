/** Routes as API Gateway writes them, such as `GET /v1/customers/{customerId}`. */
import findMyWay from "find-my-way";

export type Found<Target> = { readonly target: Target; readonly params: Record<string, string> };

// API Gateway bounds a path by the size of the request only; an id that is too long is refused by its schema.
const pathParameterCharactersMax = 8_192;
const noQuery = {};
const never = () => {};

/** Answers the route of a method and a path without its query, with decoded parameters; null when there is none or the path is not decodable. */
export function routerOf<Target>(routes: readonly (readonly [routeKey: string, target: Target])[]): (method: string, path: string) => Found<Target> | null {
  const router = findMyWay({ maxParamLength: pathParameterCharactersMax, querystringParser: () => noQuery });
  for (const [routeKey, target] of routes) {
    const [method, path = ""] = routeKey.split(" ");
    router.on(method as findMyWay.HTTPMethod, path.replaceAll(/\{(\w+)\}/g, ":$1"), never, target);
  }
  return (method, path) => {
    const found = router.find(method as findMyWay.HTTPMethod, path);
    return found && { target: found.store as Target, params: found.params as Record<string, string> };
  };
}
