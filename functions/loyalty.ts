import { loyaltyOperations } from "../domain/loyalty/operations.ts";
import { httpLambda } from "./shell/http.ts";

export const handler = httpLambda(loyaltyOperations);
