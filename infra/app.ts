/** `npm run synth`: the stacks of every stage, from the operations and settings.ts. */
import { App, Stage } from "aws-cdk-lib";
import { contexts } from "../domain/operations.ts";
import { ApiStack } from "./api-stack.ts";
import { DataStack } from "./data-stack.ts";
import { bundleLambdas } from "./lambda-bundles.ts";
import { stages } from "./settings.ts";

await bundleLambdas([...Object.keys(contexts), "unmatched"]);
const app = new App();
for (const settings of stages) {
  const stage = new Stage(app, settings.name);
  const { table } = new DataStack(stage, "Data", {});
  new ApiStack(stage, "Api", { settings, table });
}
app.synth();
