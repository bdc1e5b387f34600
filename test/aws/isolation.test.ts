/** The synthesised policies, asked: what may a session of one tenant do with the keys of others? */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stages } from "../../infra/settings.ts";
import { Authority, type Principal, rolesOf } from "./authority.ts";
import { resourcesOf } from "./templates.ts";

const key = (pk: string) => ({ pk: { S: pk }, sk: { S: "PROFILE" } });
const query = (pk: string, index?: string) => ({
  ...(index && { IndexName: index }),
  KeyConditionExpression: `${index ?? ""}${index ? "Pk" : "pk"} = :pk`,
  ExpressionAttributeValues: { ":pk": { S: pk } },
});
type Request = { readonly operation: string; readonly isWrite?: boolean; readonly isIndex?: boolean; about(...pks: readonly [string, ...string[]]): object };
/** Every kind of request that the product makes. */
const requests: readonly Request[] = [
  { operation: "GetItem", about: (pk) => ({ Key: key(pk) }) },
  { operation: "BatchGetItem", about: (...pks) => ({ RequestItems: { t: { Keys: pks.map(key) } } }) },
  { operation: "Query", about: (pk) => query(pk) },
  { operation: "Query", isIndex: true, about: (pk) => query(pk, "list") },
  { operation: "PutItem", isWrite: true, about: (pk) => ({ Item: key(pk) }) },
  { operation: "DeleteItem", isWrite: true, about: (pk) => ({ Key: key(pk) }) },
  { operation: "UpdateItem", isWrite: true, about: (pk) => ({ Key: key(pk) }) },
  ...["Put", "Update", "Delete", "ConditionCheck"].map((kind) => ({
    operation: "TransactWriteItems",
    isWrite: true,
    about: (...pks: readonly string[]) => ({ TransactItems: pks.map((pk) => ({ [kind]: kind === "Put" ? { Item: key(pk) } : { Key: key(pk) } })) }),
  })),
];

describe.each(stages)("in $name", ({ name: stage }) => {
  const resources = resourcesOf(stage);
  const authority = new Authority(resources);
  const roles = [...rolesOf(resources, stage)].map(([name, each]) => ({ name, ...each }));
  const withSessions = roles.flatMap(({ name, own, tenants }) =>
    tenants ? [{ name, own, tenants, isReader: name === "events" || name === "customer-view" }] : [],
  );
  const session = (roleArn: string, partition: string): Principal => ({ roleArn, tags: { partition } });
  const allowed = (principal: Principal, about: readonly [string, ...string[]]) =>
    requests.filter((request) => authority.allows(principal, request.operation, request.about(...about)));

  test("every Lambda that serves tenants reaches them by sessions", () => {
    expect(withSessions.map(({ name }) => name).toSorted()).toEqual(
      ["account-points", "append-events", "customer-view", "customers", "deliver-webhook", "events", "loyalty", "run-due-work", "webhooks"].toSorted(),
    );
  });

  test.each(withSessions)("a tenant's session of $name does in its own partition what it is for, and no more", ({ tenants, isReader }) => {
    for (const partition of ["tn_1", "tn_1.test"])
      expect(allowed(session(tenants, partition), [`T#${partition}#C#cus_1`, `T#${partition}#W#wal_1`])).toEqual(
        requests.filter(({ isWrite }) => !isWrite || !isReader),
      );
  });

  test.each(withSessions)("a tenant's session of $name reaches no other tenant's keys, nor the platform's, rate buckets or work that is due", ({ tenants }) => {
    const others = ["T#tn_10#C#cus_1", "T#tn_1.test#C#cus_1", "T#tn_2#C#cus_1", "T#tn_#C#cus_1", "T#TN_1#C#cus_1", "T#tn_1", "T##C#cus_1", " T#tn_1#C#cus_1"];
    const nobodys = ["T#platform#TENANT#tn_1", "T#platform#SECRET#abc", "RL#tn_1#writes", "DUE#0", "", "tn_1#C#cus_1", "C#cus_1"];
    for (const pk of [...others, ...nobodys]) {
      expect(allowed(session(tenants, "tn_1"), [pk]), pk).toEqual([]);
      // One key of another tenant among one's own.
      const many = requests.filter(({ operation }) => operation === "BatchGetItem" || operation === "TransactWriteItems");
      for (const { operation, about } of many) expect(authority.allows(session(tenants, "tn_1"), operation, about("T#tn_1#C#cus_1", pk)), pk).toBe(false);
    }
    expect(authority.allows(session(tenants, "tn_1"), "Query", query("DUE#0", "due"))).toBe(false);
    expect(authority.allows(session(tenants, "tn_1"), "Query", query("T#tn_1#C#cus_1", "due"))).toBe(false);
  });

  test.each(withSessions)("$name can neither scan nor do anything without a tag", ({ tenants, own }) => {
    for (const principal of [session(tenants, "tn_1"), { roleArn: tenants, tags: {} }, { roleArn: own, tags: {} }, session(own, "tn_1")]) {
      expect(authority.allows(principal, "Scan", {})).toBe(false);
      expect(authority.allows(principal, "Scan", { IndexName: "list" })).toBe(false);
      // What a request without keys would otherwise pass by.
      expect(authority.allows(principal, "BatchGetItem", { RequestItems: { t: { Keys: [] } } })).toBe(false);
    }
    const untagged: Principal["tags"][] = [{}, { partition: "" }, { tenant: "tn_1" }];
    for (const tags of untagged) expect(allowed({ roleArn: tenants, tags }, ["T#tn_1#C#cus_1"])).toEqual([]);
  });

  test("the own role of no Lambda reaches a key of a tenant", () => {
    fc.assert(
      fc.property(fc.constantFrom(...roles), partitions, fc.string(), ({ own }, partition, rest) => {
        expect(allowed({ roleArn: own, tags: {} }, [`T#${partition}#${rest}`])).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("whatever two tenants are called, a session of one reaches nothing of the other", () => {
    fc.assert(
      fc.property(fc.constantFrom(...withSessions), partitions, partitions, fc.string(), ({ tenants }, one, other, rest) => {
        fc.pre(one !== other);
        expect(allowed(session(tenants, one), [`T#${other}#${rest}`])).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("of tenants and API keys a Lambda reads what it needs to know its caller; only those that manage them write them", () => {
    const managers = ["tenants", "run-due-work", "bootstrap-platform"];
    for (const { name, own } of roles) {
      const may = (operation: string, pk: string) =>
        requests.some((request) => request.operation === operation && authority.allows({ roleArn: own, tags: {} }, operation, request.about(pk)));
      for (const pk of ["T#platform#TENANT#tn_1", "T#platform#SECRET#abc"])
        for (const operation of ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "Query"])
          expect(may(operation, pk), `${name} ${operation}`).toBe(managers.includes(name));
    }
  });

  describe("a session", () => {
    test.each(withSessions)("of $name is made for one tenant, by $name only", ({ own, tenants }) => {
      const caller = { roleArn: own, tags: {} };
      expect(authority.assumeRole(caller, tenants, { partition: "tn_1" })).toMatch(/^ASIA/);
      expect(authority.assumeRole(caller, tenants, { partition: "tn_1.test" })).toMatch(/^ASIA/);
      const refused: Principal["tags"][] = [{}, { partition: "platform" }, { partition: "" }, { tenant: "tn_1" }, { partition: "tn_1", more: "x" }];
      for (const tags of refused) expect(authority.assumeRole(caller, tenants, tags), JSON.stringify(tags)).toBeUndefined();
      for (const { own: other } of roles.filter((role) => role.own !== own))
        expect(authority.assumeRole({ roleArn: other, tags: {} }, tenants, { partition: "tn_1" })).toBeUndefined();
    });
  });
});

/** Names of which one often begins as the other. */
const partitions = fc
  .tuple(fc.array(fc.constantFrom("1", "0", "A", "_", "."), { maxLength: 4 }), fc.constantFrom("", ".test"))
  .map(([characters, mode]) => `tn_${characters.join("")}${mode}`);
