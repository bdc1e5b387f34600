import { loyaltyOperations } from "../domain/loyalty/operations.ts";
import { signStatement } from "./delivery/signing.ts";
import { noEffects } from "./shell/effects.ts";
import { httpLambda } from "./shell/http.ts";

export const handler = httpLambda(loyaltyOperations, { ...noEffects, sign: signStatement });
