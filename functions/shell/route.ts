import type { AnyOperation } from "../../domain/kernel/operation.ts";

/** An operation's route as API Gateway names it, such as `GET /v1/customers/{customerId}`. */
export const routeOf = ({ method, path }: Pick<AnyOperation, "method" | "path">) => `${method.toUpperCase()} ${path}`;
