/** Events: everything that happened, in order, with nothing missing. */
import { describe, expect, test } from "vitest";
import { eventually, type Json } from "./api.ts";
import type { Deployment } from "./deployment.ts";

export function eventJourneys({ done, all, shop }: Deployment): void {
  describe("events", () => {
    test("tell what happened to a customer in order, in a log whose sequence has no gap, and in the customer's timeline", async () => {
      const { live } = await shop();
      // Others write at the same time.
      const others = Array.from({ length: 12 }, (_, index) => done(live, "POST", "/v1/customers", { displayName: `Customer ${index}` }));
      const { id } = await done(live, "POST", "/v1/customers", { displayName: "Told of" });
      await done(live, "PATCH", `/v1/customers/${id}`, { tags: ["vip"] });
      const touchpoint = await done(live, "POST", `/v1/customers/${id}/events`, { type: "visit", channel: "store", occurredAt: new Date().toISOString() });
      await done(live, "DELETE", `/v1/customers/${id}`);
      const ids = new Set([id, ...(await Promise.all(others)).map((other) => other.id)]);

      const log = await eventually("the log has it all", async () => {
        const events = await all(live, "/v1/events");
        const created = events.filter(({ type, data }) => type === "customer.created" && ids.has(data.object.id));
        return created.length === ids.size && events.some(({ type, data }) => type === "customer.deleted" && data.object.id === id) && events;
      });
      expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, index) => index + 1));
      expect(new Set(log.map((event) => event.id)).size).toBe(log.length);
      const ofCustomer = log.filter(({ data: { object } }) => object.id === id || object.customerId === id);
      expect(ofCustomer.map(({ type }) => type)).toEqual(["customer.created", "customer.updated", "customer_event.recorded", "customer.deleted"]);
      expect(ofCustomer.map(({ createdAt }) => createdAt)).toEqual(ofCustomer.map(({ createdAt }) => createdAt).toSorted());

      const [first] = ofCustomer as [Json];
      expect(await done(live, "GET", `/v1/events/${first.id}`)).toEqual(first);
      const after = await done(live, "GET", `/v1/events?afterSequence=${first.sequence}&limit=1`);
      expect(after.data).toEqual([log[first.sequence]]);
      const timeline = await eventually("the timeline has it all", async () => {
        const { data } = await done(live, "GET", `/v1/customers/${id}/timeline?limit=100`);
        return data.length >= ofCustomer.length && (data as Json[]);
      });
      expect(timeline.map((event) => event.id).toSorted()).toEqual(ofCustomer.map((event) => event.id).toSorted());
      expect(timeline.some(({ data }) => data.object.id === touchpoint.id)).toBe(true);
    });
  });
}
