/** What Clientele promises to those who use it, tried from outside: by HTTP only, so that it holds for whatever answers there. */
import { afterAll, describe } from "vitest";
import { contractJourneys } from "./contract-journeys.ts";
import { customerJourneys } from "./customer-journeys.ts";
import { openDeployment } from "./deployment.ts";
import { eventJourneys } from "./event-journeys.ts";
import { keyJourneys } from "./key-journeys.ts";
import { pointsJourneys } from "./points-journeys.ts";
import type { Target } from "./target.ts";
import { webhookJourneys } from "./webhook-journeys.ts";

/** Longer than a revoked key may live, and than a replay waits for the clock of a deployment. */
const journeyMilliseconds = 180_000;

/** Safe beside another run and on a deployment in use: it touches nothing but tenants of its own. */
export function journeys(target: Target): void {
  const deployment = openDeployment(target);
  describe.concurrent(`journeys to ${target.baseUrl}`, { timeout: journeyMilliseconds }, () => {
    afterAll(deployment.tidyUp, journeyMilliseconds);
    for (const tell of [keyJourneys, customerJourneys, pointsJourneys, eventJourneys, webhookJourneys, contractJourneys]) tell(deployment);
  });
}
