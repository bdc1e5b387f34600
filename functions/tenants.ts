import { tenantOperations } from "../domain/tenants/operations.ts";
import { httpLambda } from "./shell/http.ts";

export const handler = httpLambda(tenantOperations);
