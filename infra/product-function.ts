/** A Lambda of the product, with a role of its own that may do what its declaration says and nothing else. */
import { join } from "node:path";
import { Duration } from "aws-cdk-lib";
import type { ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import { ArnPrincipal, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, RecursiveLoop, Runtime, SystemLogLevel, Tracing } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { serviceOf } from "../domain/kernel/metric.ts";
import { acknowledge } from "./acknowledged.ts";
import type { LambdaDeclaration } from "./lambdas.ts";
import { functionNameOf, type StageSettings } from "./settings.ts";
import { partitionAccess, statementOf } from "./table-access.ts";

export type Surroundings = {
  readonly stage: StageSettings;
  readonly table: ITableV2;
  readonly deliveries: IQueue;
  /** Has a folder of code for each Lambda. */
  readonly bundles: string;
};

export class ProductFunction extends Construct {
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, { name, settings, tenants, own, isSender, isLooping }: LambdaDeclaration, { stage, table, deliveries, bundles }: Surroundings) {
    super(scope, name);
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    const logGroup = new LogGroup(this, "Log", { retention: stage.logRetention });
    logGroup.grantWrite(role);
    for (const access of own) role.addToPolicy(statementOf(access, table));
    if (isSender) role.addToPolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [deliveries.queueArn] }));
    const tenantRole = tenants && this.tenantRole(role, tenants, table);
    const { oidc } = stage;
    this.lambda = new LambdaFunction(this, "Function", {
      functionName: functionNameOf(stage.name, name),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      code: Code.fromAsset(join(bundles, name)),
      memorySize: settings.memoryMegabytes,
      timeout: Duration.seconds(settings.timeoutSeconds),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Two lines of the service's own about each invocation would cost an eighth of a read; durations are in ours.
      systemLogLevelV2: SystemLogLevel.WARN,
      tracing: Tracing.ACTIVE,
      // Lambda stops a message after 16 rounds through a queue; a delivery to a busy endpoint may need more, and has an end of its own.
      ...(isLooping && { recursiveLoop: RecursiveLoop.ALLOW }),
      environment: {
        TABLE_NAME: table.tableName,
        POWERTOOLS_SERVICE_NAME: serviceOf(stage.name),
        ...(tenantRole && { TENANT_ROLE_ARN: tenantRole.roleArn }),
        ...(isSender && { QUEUE_URL: deliveries.queueUrl }),
        ...(oidc && { OIDC_ISSUER: oidc.issuer, OIDC_AUDIENCE: oidc.audience }),
        ...(oidc?.jwksUrl && { OIDC_JWKS_URL: oidc.jwksUrl }),
      },
    });
    acknowledge(role, "IAM5[Resource::*]");
  }

  /** Assumed with a tag that names the partition. The platform's own is not among those that may be named. */
  private tenantRole(role: Role, kind: "reads" | "writes", table: ITableV2): Role {
    const tenantRole = new Role(this, "TenantRole", {
      description: "One tenant's partition of the table: the one that the session is tagged with.",
      assumedBy: new ArnPrincipal(role.roleArn)
        .withConditions({
          StringLike: { "aws:RequestTag/partition": "tn_*" },
          "ForAllValues:StringEquals": { "aws:TagKeys": ["partition"] },
          Null: { "aws:RequestTag/partition": "false" },
        })
        .withSessionTags(),
    });
    for (const access of partitionAccess(kind)) tenantRole.addToPolicy(statementOf(access, table));
    role.addToPolicy(new PolicyStatement({ actions: ["sts:AssumeRole", "sts:TagSession"], resources: [tenantRole.roleArn] }));
    return tenantRole;
  }
}
