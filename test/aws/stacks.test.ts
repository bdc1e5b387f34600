/** What would be deployed, checked on the synthesised templates. */
import { readFileSync } from "node:fs";
import type { Stack } from "aws-cdk-lib";
import { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import { describe, expect, test } from "vitest";
import { deploymentMetrics } from "../../domain/kernel/metric.ts";
import { contexts } from "../../domain/operations.ts";
import { lambdas } from "../../infra/lambdas.ts";
import { type StageSettings, stages } from "../../infra/settings.ts";
import { documentRoutes } from "../../openapi/document-routes.ts";
import type { Statement } from "./iam.ts";
import { account, type Resource, resourcesOf, withApp } from "./templates.ts";

const listOf = <Item>(value: Item | Item[] | undefined): Item[] => (value === undefined ? [] : ([value].flat() as Item[]));
const onItems = ["BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"].map((action) => `dynamodb:${action}`);
const onStreams = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map((action) => `dynamodb:${action}`);

describe.each(stages)("the stage $name", ({ name: stage, requestsPerSecondMax, anonymousPerSecondMax }) => {
  const resources = resourcesOf(stage);
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  const statements = ofType("AWS::IAM::Policy").flatMap(({ id, properties }) =>
    (properties.PolicyDocument.Statement as Statement[]).map((statement) => ({ id, ...statement })),
  );
  const functions = ofType("AWS::Lambda::Function");
  const logicalId = ({ id }: Resource) => id.split("/")[1];

  describe("gives no more access than is named", () => {
    test("actions on the table are exact, and none of them scans, changes the table or is PartiQL", () => {
      const used = new Set(statements.flatMap(({ Action: action }) => listOf(action)).filter((action) => action.startsWith("dynamodb:")));
      expect([...used].filter((action) => !onItems.includes(action) && !onStreams.includes(action))).toEqual([]);
    });

    test("no action has a wildcard; the only resources with one are segments of traces and objects that Lambda names", () => {
      expect(statements.flatMap(({ Action: action }) => listOf(action)).filter((action) => action.includes("*"))).toEqual([]);
      const open = statements.filter(({ Resource: resource }) => listOf(resource).some((arn) => arn.includes("*") && !/:log-group:.*:\*$/.test(arn)));
      expect(new Set(open.flatMap(({ Action: action }) => listOf(action)))).toEqual(
        new Set(["s3:PutObject", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]),
      );
    });

    test("items are reached by leading keys only, with a guard against requests without keys, on this table and its indexes", () => {
      const [table] = ofType("AWS::DynamoDB::GlobalTable") as [Resource];
      const arn = `:table/${logicalId(table)}`;
      for (const { id, Action: action, Resource: resource, Condition: condition } of statements) {
        if (!listOf(action).some((each) => onItems.includes(each))) continue;
        const keys = listOf(condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"]);
        expect(condition?.["Null"], id).toEqual({ "dynamodb:LeadingKeys": "false" });
        expect(keys.length, id).toBeGreaterThan(0);
        for (const key of keys)
          expect(key, id).toMatch(/^(?:T#(?:platform|\$\{aws:PrincipalTag\/partition\})#(?:[A-Z]+#)?\*|T#platform#WEBHOOK_KEYS|RL#\*|DUE#\*)$/);
        for (const each of listOf(resource)) expect(each.split(arn)[1], id).toMatch(/^(?:\/index\/(?:list|due))?$/);
      }
    });

    test("only the Lambdas that read the stream may read it", () => {
      const readers = statements.filter(({ Action: action }) => listOf(action).includes("dynamodb:GetRecords")).map(({ id }) => id.split("/")[1]);
      expect(readers.map((id) => id?.replace(/Role.*/, ""))).toEqual(["appendevents", "accountpoints"]);
    });

    test("no template holds a secret", () => {
      expect(JSON.stringify(resources)).not.toMatch(/ck_(?:live|test)_|whsec_|AKIA|-----BEGIN/);
    });
  });

  describe("every Lambda", () => {
    test("of functions/ is deployed", () => {
      expect(functions.map(({ properties }) => properties.FunctionName).toSorted()).toEqual(lambdas.map(({ name }) => `clientele-${stage}-${name}`).toSorted());
    });

    test.each(functions.map((each) => [each.properties.FunctionName, each.properties]))(
      "%s runs Node 24 on arm64, is traced, and logs JSON that is not kept for ever",
      (_, properties) => {
        expect(properties).toMatchObject({
          Runtime: "nodejs24.x",
          Architectures: ["arm64"],
          TracingConfig: { Mode: "Active" },
          LoggingConfig: { LogFormat: "JSON" },
        });
        const log = ofType("AWS::Logs::LogGroup").find((group) => logicalId(group) === properties.LoggingConfig.LogGroup);
        expect(log?.properties.RetentionInDays).toBeGreaterThan(0);
      },
    );

    test("that answers requests gives up before API Gateway does", () => {
      const serving = new Set(ofType("AWS::Lambda::Alias").map(({ properties }) => properties.FunctionName));
      for (const each of functions) if (serving.has(logicalId(each))) expect(each.properties.Timeout).toBeLessThan(30);
    });
  });

  test("only deliveries may come round again and again: each has an end of its own", () => {
    const looping = functions.filter(({ properties }) => properties.RecursiveLoop === "Allow");
    expect(looping.map(({ properties }) => properties.FunctionName)).toEqual([`clientele-${stage}-deliver-webhook`]);
  });

  test("every log has an end", () => {
    expect(ofType("AWS::Logs::LogGroup").filter(({ properties }) => !properties.RetentionInDays)).toEqual([]);
  });

  test("every operation and document has a route, to the Lambda that serves it, and everything else goes to one that says so", () => {
    const lambdaOf = ({ properties: { Target: target } }: Resource) => {
      const integration = ofType("AWS::ApiGatewayV2::Integration").find((each) => target === `integrations/${logicalId(each)}`);
      const alias = ofType("AWS::Lambda::Alias").find((each) => logicalId(each) === integration?.properties.IntegrationUri);
      return functions.find((each) => logicalId(each) === alias?.properties.FunctionName)?.properties.FunctionName;
    };
    const routes = Object.fromEntries(ofType("AWS::ApiGatewayV2::Route").map((route) => [route.properties.RouteKey, lambdaOf(route)]));
    const declared = Object.entries(contexts).flatMap(([context, operations]) =>
      operations.map(({ method, path }) => [`${method.toUpperCase()} ${path}`, `clientele-${stage}-${context}`]),
    );
    const documents = documentRoutes.map((route) => [route, `clientele-${stage}-docs`]);
    expect(routes).toEqual(Object.fromEntries([...declared, ...documents, ["$default", `clientele-${stage}-unmatched`]]));
  });

  test("API Gateway may invoke each Lambda that serves, by one permission that covers all of its routes", () => {
    const permissions = ofType("AWS::Lambda::Permission").map(({ properties }) => properties);
    const serving = ofType("AWS::Lambda::Alias").map(logicalId);
    expect(permissions.map(({ FunctionName: name }) => name).toSorted()).toEqual(serving.toSorted());
    for (const { FunctionName: name, Principal: principal, SourceArn: arn } of permissions) {
      expect(principal).toBe("apigateway.amazonaws.com");
      // A route is <stage>/<method>/<path>, and the one for everything else <stage>/$default.
      expect(arn.split("/").slice(1)).toEqual(name.startsWith("unmatched") ? ["*", "*"] : ["*", "*", "*"]);
    }
  });

  test("requests of all tenants together are bounded", () => {
    const [{ properties }] = ofType("AWS::ApiGatewayV2::Stage") as [Resource];
    const anonymous = { ThrottlingRateLimit: anonymousPerSecondMax, ThrottlingBurstLimit: anonymousPerSecondMax };
    expect(properties.RouteSettings).toEqual(Object.fromEntries([...documentRoutes, "$default"].map((route) => [route, anonymous])));
    expect(properties.DefaultRouteSettings).toEqual({ ThrottlingRateLimit: requestsPerSecondMax, ThrottlingBurstLimit: requestsPerSecondMax / 2 });
    expect(properties.AccessLogSettings.Format).not.toMatch(/sourceIp|authorizer|requestTime.*Authorization/);
  });

  test("the table outlives its stack, cannot be deleted by accident, can be brought back and is encrypted", () => {
    const [{ properties, retains }] = ofType("AWS::DynamoDB::GlobalTable") as [Resource];
    expect(retains).toBe(true);
    expect(properties).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      SSESpecification: { SSEEnabled: true, SSEType: "KMS" },
      StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
      TimeToLiveSpecification: { AttributeName: "expiresAtSeconds", Enabled: true },
      Replicas: [{ DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
    });
  });

  describe("nothing asynchronous is lost or tried for ever", () => {
    const mappings = ofType("AWS::Lambda::EventSourceMapping");

    test("what reads the stream has bounds, cuts batches in two, answers in parts, and leaves what it gives up in a bucket", () => {
      const ofStream = mappings.filter(({ properties }) => properties.StartingPosition);
      expect(ofStream).toHaveLength(2);
      for (const { properties } of ofStream) {
        expect(properties).toMatchObject({
          StartingPosition: "TRIM_HORIZON",
          BisectBatchOnFunctionError: true,
          FunctionResponseTypes: ["ReportBatchItemFailures"],
        });
        expect(properties.MaximumRetryAttempts).toBeGreaterThan(0);
        // The stream keeps records for 24 hours.
        expect(properties.MaximumRecordAgeInSeconds).toBeLessThan(24 * 3600);
        expect(properties.DestinationConfig.OnFailure.Destination).toMatch(/^arn:aws:s3:::/);
        expect(properties.FilterCriteria.Filters).toHaveLength(1);
      }
    });

    test("the queue hands deliveries over in bounded number, answers in parts, and waits longer than its Lambda takes", () => {
      const [queue] = mappings.filter(({ properties }) => !properties.StartingPosition) as [Resource];
      expect(queue.properties.FunctionResponseTypes).toEqual(["ReportBatchItemFailures"]);
      expect(queue.properties.ScalingConfig.MaximumConcurrency).toBeGreaterThan(1);
      const deliverer = functions.find(({ properties }) => properties.FunctionName.endsWith("deliver-webhook"));
      const deliveries = ofType("AWS::SQS::Queue").find((each) => logicalId(each)?.startsWith("Deliveries"));
      expect(deliveries?.properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * deliverer?.properties.Timeout);
    });

    test("every queue has a dead-letter queue or is one, is encrypted and takes TLS only", () => {
      const queues = ofType("AWS::SQS::Queue");
      const targets = JSON.stringify([
        ...queues.map(({ properties }) => properties.RedrivePolicy?.deadLetterTargetArn),
        ...ofType("AWS::Scheduler::Schedule").map(({ properties }) => properties.Target.DeadLetterConfig.Arn),
      ]);
      for (const queue of queues) {
        const arn = `:${logicalId(queue)}"`;
        expect(Boolean(queue.properties.RedrivePolicy) || targets.includes(arn), queue.id).toBe(true);
        expect(queue.properties.SqsManagedSseEnabled, queue.id).toBe(true);
      }
      expect(ofType("AWS::SQS::QueuePolicy").filter(({ properties }) => JSON.stringify(properties).includes("aws:SecureTransport"))).toHaveLength(
        queues.length,
      );
    });

    test("the schedule tries a sweep for a minute, and what fails is kept", () => {
      const [{ properties }] = ofType("AWS::Scheduler::Schedule") as [Resource];
      expect(properties).toMatchObject({
        ScheduleExpression: "rate(1 minute)",
        State: "ENABLED",
        Target: { RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 } },
      });
      expect(JSON.parse(properties.Target.Input)).toEqual({ time: "<aws.scheduler.scheduled-time>" });
    });

    test("Lambdas that are invoked without waiting have bounds", () => {
      const configured = ofType("AWS::Lambda::EventInvokeConfig").map(({ properties }) => properties);
      expect(configured.map(({ FunctionName: name }) => name.replace(/Function.*/, "")).toSorted()).toEqual(["bootstrapplatform", "rundueWork".toLowerCase()]);
      for (const { MaximumRetryAttempts: retries } of configured) expect(retries).toBe(0);
    });
  });

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

  test("there is room in every stack", () => {
    const counts = Map.groupBy(resources, ({ id }) => id.split("/")[0]);
    for (const [stack, all] of counts) expect(all.length, `resources of ${stack}, of which CloudFormation takes 500`).toBeLessThan(400);
  });
});

describe("a stage with everything that a stage may have", { timeout: 120_000 }, () => {
  const [, prod] = stages as [StageSettings, StageSettings];
  const full: StageSettings = {
    ...prod,
    restoredTable: { tableName: "clientele-prod-at-20261122T031459Z", streamLabel: "2026-11-22T04:00:00.000" },
    domain: { name: "api.example.com", certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/0b1c2d3e-0000-4000-8000-000000000000" },
    oidc: { issuer: "https://login.example.com", audience: "clientele", jwksUrl: "https://login.example.com/keys" },
    alarmEmail: "operators@example.com",
  };
  const resources = resourcesOf("prod", [full]);
  const propertiesOf = (type: string) => resources.filter((resource) => resource.type === type).map(({ properties }) => properties);

  test("breaks no rule", () => {
    expect(() => withApp((app) => app.synth(), [full])).not.toThrow();
  });

  test("works on the restored table and its stream alone, and keeps the stack's own", () => {
    const tableArn = `arn:aws:dynamodb:${account.region}:${account.id}:table/${full.restoredTable?.tableName}`;
    const onTable = propertiesOf("AWS::IAM::Policy").flatMap(({ PolicyDocument: policy }) => policy.Statement as Statement[]);
    const resourcesNamed = onTable
      .filter(({ Action: action }) => listOf(action).some((each) => each.startsWith("dynamodb:")))
      .flatMap(({ Resource: each }) => listOf(each));
    expect(resourcesNamed.filter((arn) => !arn.startsWith(tableArn))).toEqual([]);
    expect(new Set(propertiesOf("AWS::Lambda::Function").map(({ Environment: environment }) => environment.Variables.TABLE_NAME))).toEqual(
      new Set([full.restoredTable?.tableName]),
    );
    const streams = propertiesOf("AWS::Lambda::EventSourceMapping").filter(({ StartingPosition: start }) => start);
    expect(streams.map(({ EventSourceArn: arn }) => arn)).toEqual(streams.map(() => `${tableArn}/stream/${full.restoredTable?.streamLabel}`));
    expect(resources.filter(({ type, retains }) => type === "AWS::DynamoDB::GlobalTable" && retains)).toHaveLength(1);
  });

  test("is reached by its domain only, takes its issuer's tokens, and tells its operators", () => {
    expect(propertiesOf("AWS::ApiGatewayV2::Api")).toMatchObject([{ DisableExecuteApiEndpoint: true }]);
    expect(propertiesOf("AWS::ApiGatewayV2::DomainName")).toMatchObject([{ DomainName: "api.example.com" }]);
    const [one] = propertiesOf("AWS::Lambda::Function");
    expect(one.Environment.Variables).toMatchObject({ OIDC_ISSUER: full.oidc?.issuer, OIDC_AUDIENCE: full.oidc?.audience, OIDC_JWKS_URL: full.oidc?.jwksUrl });
    expect(propertiesOf("AWS::SNS::Subscription")).toMatchObject([{ Protocol: "email", Endpoint: full.alarmEmail }]);
  });
});

describe("the rules of AwsSolutions and of the CDK", { timeout: 120_000 }, () => {
  test("find nothing in what would be deployed", () => {
    expect(() => withApp((app) => app.synth())).not.toThrow();
  });

  test("find a bucket that anybody may read, and a property that CloudFormation does not know", () => {
    const withBreach = (breach: (stack: Stack) => void) =>
      withApp((app) => {
        breach(app.node.findChild("dev").node.findChild("Data") as Stack);
        app.synth();
      });
    expect(() => withBreach((stack) => new Bucket(stack, "Open"))).toThrow("AwsSolutions-S10");
    expect(() => withBreach((stack) => new CfnBucket(stack, "Wrong").addPropertyOverride("BuketName", "x"))).toThrow(/BuketName/);
  });
});
