import type { Stack } from "aws-cdk-lib";
import { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import { describe, expect, test } from "vitest";
import { type StageSettings, stages } from "../../infra/settings.ts";
import type { Statement } from "./iam.ts";
import { account, resourcesOf, withApp } from "./templates.ts";

const listOf = <Item>(value: Item | Item[] | undefined): Item[] => (value === undefined ? [] : ([value].flat() as Item[]));

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
