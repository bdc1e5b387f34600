import { customerViewOperations } from "../domain/customer-view/operations.ts";
import { httpLambda } from "./shell/http.ts";

export const handler = httpLambda(customerViewOperations);
