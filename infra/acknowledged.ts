/** Findings of cdk-nag that are meant, each with its reason. Everything else that it finds fails the synthesis. */
import { Validations } from "aws-cdk-lib";
import type { Construct } from "constructs";

const reasons = {
  APIG4: "API keys and tokens are checked by the Lambdas: they need the tenant's settings anyway, and documents are for everybody.",
  "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]":
    "What CodeDeploy needs to move an alias, as AWS keeps it.",
  "IAM5[Resource::*]": "X-Ray's actions for writing segments know no resources.",
  S1: "Lambda alone writes to the bucket, and it is empty unless something is broken.",
  SQS3: "It takes what Lambda and the scheduler could not bring to their target: it is itself a dead-letter queue, of no queue.",
} as const;

/** For the construct and what is inside it. */
export const acknowledge = (construct: Construct, rule: keyof typeof reasons): void =>
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason: reasons[rule] });

/** A wildcard at the end of a resource's name; `resource` is as cdk-nag writes it. */
export const acknowledgeWildcard = (construct: Construct, resource: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`, reason });
