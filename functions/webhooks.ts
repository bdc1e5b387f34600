import { webhookOperations } from "../domain/webhooks/operations.ts";
import { httpLambda } from "./shell/http.ts";

export const handler = httpLambda(webhookOperations);
