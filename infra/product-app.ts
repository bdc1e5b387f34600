import { App, type AppProps, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { ProductStage } from "./product-stage.ts";
import type { StageSettings } from "./settings.ts";

/** Synthesis fails for whatever breaks a rule of AwsSolutions or of the CDK itself (cdk.json has those on). */
export function productApp(stages: readonly StageSettings[], bundles: string, props?: AppProps): App {
  const app = new App(props);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  for (const stage of stages) new ProductStage(app, stage, bundles);
  return app;
}
