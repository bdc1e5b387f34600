/** The Lambdas as they are deployed, together: bundled, each in its own processes, with its role and nothing but events and its environment. */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { operations } from "../domain/operations.ts";
import { journeys } from "./journey/journeys.ts";
import { lambdas } from "./lambdas/deployed-shape.ts";
import { authority } from "./lambdas/stage.ts";

process.env["CLIENTELE_SHAPE"] = "lambdas";
const { baseUrl, demo } = await import("./clientele.ts");
const { sampleRequest, send } = await import("./sample-request.ts");

test("has every Lambda of functions/, and each is the bundle of one of them", () => {
  const files = readdirSync("functions").flatMap((file) => /^([^.]+)\.ts$/.exec(file)?.[1] ?? []);
  expect([...lambdas.keys()].toSorted()).toEqual(files.toSorted());
});

journeys({ baseUrl, platformKey: demo.platformKey });

describe.concurrent("through its Lambda's bundle", () => {
  test.each(operations.map((operation) => [operation.id, operation] as const))("%s answers its sample request", async (_, operation) => {
    const answer = await send(await sampleRequest(operation));
    const { status, alternatives = [] } = operation.success;
    expect([status, ...alternatives], JSON.stringify(answer.body)).toContain(answer.status);
  });
});

describe("all of this", () => {
  test("needed every Lambda, and none of them failed or logged an error", () => {
    for (const { name, invocations, failures } of lambdas.values())
      expect({ name, isNeeded: invocations() > 0, failures: failures() }).toEqual({ name, isNeeded: true, failures: [] });
  });

  test("asked for nothing that a role may not do, and for each tenant's data by sessions for that tenant", () => {
    expect(authority.denials).toEqual([]);
    expect(authority.sessions.length).toBeGreaterThan(0);
    expect(authority.sessions.filter((partition) => !/^tn_\w+(?:\.test)?$/.test(partition))).toEqual([]);
  });
});
