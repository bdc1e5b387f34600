import { CfnOutput, Stack } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import { ApiMapping, type CfnStage, DomainName, HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct, IConstruct } from "constructs";
import { contexts } from "../domain/operations.ts";
import { documentRoutes } from "../openapi/document-routes.ts";
import { acknowledge } from "./acknowledged.ts";
import { bootstrapPlatform, docs, type LambdaDeclaration, operationLambdas, unmatched } from "./lambdas.ts";
import { ProductFunction, type Surroundings } from "./product-function.ts";
import { rollouts } from "./rollout.ts";
import type { StageSettings } from "./settings.ts";

/** One route for each operation, to the Lambda of its context; whatever else is asked for goes to `unmatched`. */
export class ApiStack extends Stack {
  readonly api: HttpApi;
  readonly functions: readonly ProductFunction[];

  constructor(scope: Construct, id: string, surroundings: Surroundings) {
    super(scope, id);
    const { stage } = surroundings;
    const { domain } = stage;
    const made = (declaration: LambdaDeclaration) => new ProductFunction(this, declaration, surroundings);
    const aliasOf = rollouts(this, stage.rollout);
    const integrationTo = (made: ProductFunction) =>
      // A permission for each route would outgrow the 20 KB that a Lambda's policy may have.
      new HttpLambdaIntegration(made.node.id, aliasOf(made), { scopePermissionToRoute: false });
    const [ofDocs, ofOthers] = [made(docs), made(unmatched)];
    // Its one route has no method and no path, which the permission for all routes does not cover.
    const toOthers = new HttpLambdaIntegration(ofOthers.node.id, aliasOf(ofOthers));
    this.api = new HttpApi(this, "Api", {
      apiName: `clientele-${stage.name}`,
      defaultIntegration: toOthers,
      createDefaultStage: false,
      disableExecuteApiEndpoint: domain !== undefined,
    });
    acknowledge(this.api, "APIG4");
    const ofContexts = operationLambdas.map(made);
    for (const [index, operations] of Object.values(contexts).entries()) {
      const integration = integrationTo(ofContexts[index] as ProductFunction);
      for (const { method, path } of operations) this.api.addRoutes({ path, methods: [methodOf(method)], integration });
    }
    const toDocs = integrationTo(ofDocs);
    const documents = documentRoutes.flatMap((route) => {
      const [method = "", path = ""] = route.split(" ");
      return this.api.addRoutes({ path, methods: [methodOf(method)], integration: toDocs });
    });
    this.functions = [...ofContexts, ofDocs, ofOthers];
    this.served(stage, [...documents, this.api.node.findChild("DefaultRoute")]);
    made(bootstrapPlatform).lambda.configureAsyncInvoke({ retryAttempts: 0 });
  }

  /** `anonymous` are the routes for which nobody needs a credential, so that no tenant's limit bounds them. */
  private served({ requestsPerSecondMax, anonymousPerSecondMax, logRetention, domain }: StageSettings, anonymous: readonly IConstruct[]): void {
    const defaultStage = new HttpStage(this, "DefaultStage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      throttle: { rateLimit: requestsPerSecondMax, burstLimit: Math.ceil(requestsPerSecondMax / 2) },
      accessLogSettings: {
        destination: new LogGroupLogDestination(new LogGroup(this, "AccessLog", { retention: logRetention })),
        format: AccessLogFormat.custom(JSON.stringify(accessLogEntry)),
      },
    });
    const bound = { ThrottlingRateLimit: anonymousPerSecondMax, ThrottlingBurstLimit: anonymousPerSecondMax };
    (defaultStage.node.defaultChild as CfnStage).routeSettings = Object.fromEntries([...documentRoutes, "$default"].map((route) => [route, bound]));
    defaultStage.node.addDependency(...anonymous);
    if (!domain) {
      new CfnOutput(this, "BaseUrl", { value: this.api.apiEndpoint });
      return;
    }
    const domainName = new DomainName(this, "Domain", {
      domainName: domain.name,
      certificate: Certificate.fromCertificateArn(this, "Certificate", domain.certificateArn),
    });
    new ApiMapping(this, "Mapping", { api: this.api, domainName, stage: defaultStage });
    new CfnOutput(this, "BaseUrl", { value: `https://${domain.name}` });
    new CfnOutput(this, "DomainTarget", { value: domainName.regionalDomainName, description: "What the name is an alias of." });
  }
}

/** What the Lambdas' own logs cannot tell: requests that reached none. Who asked for what stands there. */
const accessLogEntry = {
  requestId: "$context.requestId",
  routeKey: "$context.routeKey",
  status: "$context.status",
  latencyMilliseconds: "$context.responseLatency",
  integrationLatencyMilliseconds: "$context.integrationLatency",
  integrationError: "$context.integrationErrorMessage",
  error: "$context.error.message",
};

const methodOf = (method: string): HttpMethod => HttpMethod[method.toUpperCase() as keyof typeof HttpMethod];
