/** How new code comes to serve requests: a tenth of them first, and back when it fails. */
import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from "aws-cdk-lib/aws-codedeploy";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Alias } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { acknowledge } from "./acknowledged.ts";
import type { ProductFunction } from "./product-function.ts";
import type { StageSettings } from "./settings.ts";

const configs = { canary: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES, "all-at-once": LambdaDeploymentConfig.ALL_AT_ONCE } as const;

/** Makes the alias of a Lambda that serves, for all Lambdas of `scope`. */
export function rollouts(scope: Construct, rollout: StageSettings["rollout"]): (made: ProductFunction) => Alias {
  const application = new LambdaApplication(scope, "Rollouts");
  const role = new Role(scope, "RolloutRole", { assumedBy: new ServicePrincipal("codedeploy.amazonaws.com") });
  acknowledge(role, "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]");
  return (made) => {
    const live = new Alias(made, "Live", { aliasName: "live", version: made.lambda.currentVersion });
    new LambdaDeploymentGroup(made, "Rollout", { application, role, alias: live, deploymentConfig: configs[rollout], alarms: [crashesOf(live)] });
    return live;
  };
}

/** Refusals and our own faults are answers; this is about code that crashes, hangs or does not load. */
const crashesOf = (live: Alias) =>
  live.metricErrors({ period: Duration.minutes(1), statistic: "sum" }).createAlarm(live, "Crashes", {
    alarmDescription: "The Lambda crashes, hangs or does not load. A rollout under way is taken back.",
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
