/** `npm run synth`: the stacks of every stage, from the operations and settings.ts. */
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { bundleFolder, bundleLambdas } from "./lambda-bundles.ts";
import { lambdas } from "./lambdas.ts";
import { ProductStage } from "./product-stage.ts";
import { stages } from "./settings.ts";

await bundleLambdas(lambdas.map(({ name }) => name));
const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
for (const stage of stages) new ProductStage(app, stage, bundleFolder);
app.synth();
