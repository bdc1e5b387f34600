import { Stage, Tags } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { ApiStack } from "./api-stack.ts";
import { AsyncStack } from "./async-stack.ts";
import { DataStack } from "./data-stack.ts";
import { ObservabilityStack } from "./observability-stack.ts";
import type { StageSettings } from "./settings.ts";

/** The whole product once, such as `prod`. */
export class ProductStage extends Stage {
  /** `bundles` has a folder of code for each Lambda. */
  constructor(scope: Construct, settings: StageSettings, bundles: string) {
    // Of all stacks of an account, these are ours.
    super(scope, settings.name, { stageName: `clientele-${settings.name}` });
    const { table } = new DataStack(this, "Data", settings);
    const { consumers, deliverer, sweeper, deliveries, deadLetters } = new AsyncStack(this, "Async", { stage: settings, table, bundles });
    const { api, functions: ofApi } = new ApiStack(this, "Api", { stage: settings, table, bundles, deliveries });
    const functions = [...ofApi, ...consumers.map(({ made }) => made), deliverer, sweeper].map(({ lambda }) => lambda);
    new ObservabilityStack(this, "Observability", { stage: settings, table, api, functions, consumers, deliveries, deadLetters, sweeper });
    Tags.of(this).add("product", "clientele");
    Tags.of(this).add("stage", settings.name);
  }
}
