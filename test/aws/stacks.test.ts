import { describe, expect, test } from "vitest";
import { contexts } from "../../domain/operations.ts";
import { lambdas } from "../../infra/lambdas.ts";
import { stages } from "../../infra/settings.ts";
import { documentRoutes } from "../../openapi/document-routes.ts";
import type { Statement } from "./iam.ts";
import { type Resource, resourcesOf } from "./templates.ts";

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

  test("there is room in every stack", () => {
    const counts = Map.groupBy(resources, ({ id }) => id.split("/")[0]);
    for (const [stack, all] of counts) expect(all.length, `resources of ${stack}, of which CloudFormation takes 500`).toBeLessThan(400);
  });
});
