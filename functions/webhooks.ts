import { webhookOperations } from "../domain/webhooks/operations.ts";
import { deployment } from "./shell/config.ts";
import { noEffects } from "./shell/effects.ts";
import { httpLambda } from "./shell/http.ts";
import { refusalOfTarget } from "./shell/outbound/target.ts";
import { sendToQueue } from "./shell/queue.ts";

export const handler = httpLambda(webhookOperations, {
  ...noEffects,
  refusalOfTarget: (url) => refusalOfTarget(url, { allowLoopback: deployment().allowLoopbackTargets }),
  send: sendToQueue,
});
