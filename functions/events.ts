import { eventOperations } from "../domain/webhooks/event-operations.ts";
import { httpLambda } from "./shell/http.ts";

export const handler = httpLambda(eventOperations);
