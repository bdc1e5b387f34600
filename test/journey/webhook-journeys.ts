/** Webhooks: a receiver gets what it asked for, can prove where it is from, and gets it again when it asks. */
import { describe, expect, onTestFinished, test } from "vitest";
import { WebhookVerificationError } from "../../openapi/sdk/webhooks/verification-error.ts";
import { webhookVerifier } from "../../openapi/sdk/webhooks/verify.ts";
import { type ReceivedRequest, type Receiver, startReceiver } from "../receiver.ts";
import { eventually, type Json } from "./api.ts";
import type { Deployment, Tenant } from "./deployment.ts";

/** A replay begins with the clock of a deployment, which strikes every minute. */
const replayedWithinSeconds = 150;

export function webhookJourneys({ target, call, done, shop }: Deployment): void {
  /** Where deliveries go, and the receiver here that gets them. Undefined when the deployment may not send to this machine and no other place was named. */
  const destination = async ({ live }: Tenant): Promise<{ url: string; receiver?: Receiver } | undefined> => {
    const { webhook } = target;
    if (webhook && webhook.port === undefined) return { url: webhook.url };
    const receiver = await startReceiver({ port: webhook?.port ?? 0 });
    onTestFinished(() => receiver.stop());
    if (webhook) return { url: webhook.url, receiver };
    const url = `${receiver.url}/journey`;
    const { status } = await call(live, "POST", "/v1/webhook-endpoints?dryRun=true", { body: { url } });
    return status < 300 ? { url, receiver } : undefined;
  };

  describe("a webhook", () => {
    test("is delivered with signatures that verify, is in the log of deliveries, and comes again by a replay", async ({ skip }) => {
      const tenant = await shop();
      const to = await destination(tenant);
      if (!to) return skip(`${target.baseUrl} sends webhooks to public addresses only: name one with --webhook-url.`);
      const { url, receiver } = to;
      const tag = `webhook-${Date.now()}`;
      const filter = [{ pointer: "/data/object/tags", anyOf: [tag] }];
      const endpoint = await done(tenant.live, "POST", "/v1/webhook-endpoints", { url, eventTypes: ["customer.*"], filter });
      const customer = await done(tenant.live, "POST", "/v1/customers", { displayName: "Delivered", tags: [tag] });

      const delivery = await succeeded(tenant, endpoint, 1);
      expect(delivery.event.type).toBe("customer.created");
      if (receiver) await expectGenuine(receiver, tenant, endpoint.secret, customer.id);

      const replays = `/v1/webhook-endpoints/${endpoint.id}/replays`;
      const { id, toDeliver } = await done(tenant.live, "POST", replays, { which: "all" });
      expect(toDeliver).toBe(1);
      const replay = await eventually(
        "the replay is finished",
        async () => {
          const answer = await done(tenant.live, "GET", `${replays}/${id}`);
          return answer.status === "finished" && answer;
        },
        replayedWithinSeconds,
      );
      expect(replay.deliveriesStarted).toBe(1);
      const again = await succeeded(tenant, endpoint, delivery.attemptCount + 1);
      expect(again.id).toBe(delivery.id);
      const received = receiver?.requests.map(({ headers }) => headers["webhook-id"]);
      // Each delivery arrives at least once.
      if (received) expect([received.length > 1, new Set(received)]).toEqual([true, new Set([delivery.event.id])]);
    });
  });

  /** The only delivery to the endpoint, once it has succeeded with so many attempts or more. */
  const succeeded = ({ live }: Tenant, endpoint: Json, attempts: number): Promise<Json> => {
    let seen: Json;
    return eventually(
      () => `the delivery succeeds, ${JSON.stringify(seen)}`,
      async () => {
        [seen] = (await done(live, "GET", `/v1/webhook-deliveries?endpointId=${endpoint.id}`)).data;
        return seen?.status === "succeeded" && seen.attemptCount >= attempts && seen;
      },
    );
  };

  /** By secret and by public key; and what was changed on its way is refused. */
  const expectGenuine = async (receiver: Receiver, { id, live }: Tenant, secret: string, customerId: string): Promise<void> => {
    const { headers, body } = receiver.requests[0] as ReceivedRequest;
    const publicKeys = { from: `${target.baseUrl}/.well-known/jwks.json`, tenantId: id, livemode: true };
    const verifier = webhookVerifier({ secrets: [secret], publicKeys });
    const event = await verifier.verify(headers, body);
    expect(event.data.object["id"]).toBe(customerId);
    expect(await done(live, "GET", `/v1/events/${event.id}`)).toEqual(JSON.parse(body));
    await expect(verifier.verify(headers, body.replace("Delivered", "Deceived"))).rejects.toThrow(WebhookVerificationError);
  };
}
