/** `npm run synth`: the bundles of all Lambdas, then the stacks of every stage. */
import { bundleFolder, bundleLambdas } from "./lambda-bundles.ts";
import { lambdas } from "./lambdas.ts";
import { productApp } from "./product-app.ts";
import { stages } from "./settings.ts";

await bundleLambdas(lambdas.map(({ name }) => name));
productApp(stages, bundleFolder).synth();
