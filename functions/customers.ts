import { customerOperations } from "../domain/customers/operations.ts";
import { httpLambda } from "./shell/http.ts";

export const handler = httpLambda(customerOperations);
