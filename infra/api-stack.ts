import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { HttpApi, HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Architecture, Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { contexts } from "../domain/operations.ts";
import { folderOf } from "./lambda-bundles.ts";
import { httpLambda, type StageSettings } from "./settings.ts";

/** One route for each operation, to the Lambda of its context; whatever else is asked for goes to `unmatched`. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, { settings, table, ...props }: StackProps & { settings: StageSettings; table: TableV2 }) {
    super(scope, id, props);
    const integrationOf = (name: string) => {
      const handler = new LambdaFunction(this, name, {
        runtime: Runtime.NODEJS_24_X,
        architecture: Architecture.ARM_64,
        handler: "index.handler",
        code: Code.fromAsset(folderOf(name)),
        memorySize: httpLambda.memoryMegabytes,
        timeout: Duration.seconds(httpLambda.timeoutSeconds),
        environment: { TABLE_NAME: table.tableName },
        logGroup: new LogGroup(this, `${name}-log`, { retention: settings.logRetentionDays }),
      });
      return new HttpLambdaIntegration(name, handler);
    };
    const api = new HttpApi(this, "Api", { defaultIntegration: integrationOf("unmatched") });
    for (const [context, operations] of Object.entries(contexts)) {
      const integration = integrationOf(context);
      for (const { method, path } of operations) api.addRoutes({ path, methods: [HttpMethod[method.toUpperCase() as keyof typeof HttpMethod]], integration });
    }
  }
}
