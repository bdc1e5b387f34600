/** Who is told of what, checked on the synthesised templates. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { deploymentMetrics } from "../../domain/kernel/metric.ts";
import { stages } from "../../infra/settings.ts";
import type { Statement } from "./iam.ts";
import { account, type Resource, resourcesOf } from "./templates.ts";

describe.each(stages)("in the stage $name", ({ name: stage }) => {
  const resources = resourcesOf(stage);
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);

  describe("somebody is told", () => {
    const alarms = ofType("AWS::CloudWatch::Alarm").filter(({ id }) => id.includes("Observability"));
    const named = (name: string) => alarms.find(({ properties }) => properties.AlarmName === `clientele-${stage}-${name}`)?.properties;

    test.each([
      "FaultsFast",
      "FaultsSlow",
      "Latency",
      "FirstAttempt",
      "StreamAge-append-events",
      "StreamAge-account-points",
      "GivenUp-append-events",
      "GivenUp-account-points",
      "Dropped-append-events",
      "Dropped-account-points",
      "NotKept-append-events",
      "NotKept-account-points",
      "QueueAge",
      "DeadLetters-Undelivered",
      "DeadLetters-Unswept",
      "TableThrottles",
      "LambdaThrottles1",
      "LambdaErrors1",
      "NoSweep",
      "IsolationDenied",
      "RateLimitsOpen",
    ])("by the alarm %s, which says what it means, and again when it is over", (name) => {
      expect(named(name)?.AlarmDescription).toMatch(/\w{3}/);
      expect(named(name)?.AlarmActions).toHaveLength(1);
      expect(named(name)?.OKActions).toEqual(named(name)?.AlarmActions);
    });

    test("and the runbook has a row for each alarm", () => {
      const runbook = readFileSync("infra/OPERATIONS.md", "utf8");
      const inRunbook = alarms.map(({ properties }) => properties.AlarmName.replace(`clientele-${stage}-`, "").replace(/^(Lambda\w+?)\d+$/, "$1…"));
      expect(inRunbook.filter((name) => !runbook.includes(`\`${name}\``))).toEqual([]);
    });

    test("also when sweeps have stopped, and not by the slowest of a few requests", () => {
      expect(named("NoSweep")).toMatchObject({
        ComparisonOperator: "LessThanThreshold",
        Threshold: 1,
        TreatMissingData: "breaching",
        MetricName: "Invocations",
      });
      for (const name of ["Latency", "FirstAttempt"])
        expect(named(name)).toMatchObject({ EvaluateLowSampleCountPercentile: "ignore", TreatMissingData: "notBreaching" });
    });

    test("by an alarm on everything that the product counts when somebody has to look", () => {
      for (const [name, { unit }] of Object.entries(deploymentMetrics))
        if (unit === "Count")
          expect(named(name)).toMatchObject({
            Namespace: "Clientele",
            MetricName: name,
            Dimensions: [{ Name: "service", Value: `clientele-${stage}` }],
            Threshold: 0,
          });
    });

    test("and alarms may publish, over TLS", () => {
      const [{ properties }] = ofType("AWS::SNS::TopicPolicy") as [Resource];
      const [secured, allowed] = properties.PolicyDocument.Statement.toSorted((one: Statement, other: Statement) => other.Effect.localeCompare(one.Effect));
      expect([secured.Effect, allowed.Effect]).toEqual(["Deny", "Allow"]);
      expect(allowed).toMatchObject({
        Action: "sns:Publish",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Condition: { StringEquals: { "aws:SourceAccount": account.id } },
      });
    });
  });
});
