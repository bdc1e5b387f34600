/** What would be deployed: the resources of a stage as the CDK writes them, with references resolved as CloudFormation does. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { App } from "aws-cdk-lib";
import { lambdas } from "../../infra/lambdas.ts";
import { productApp } from "../../infra/product-app.ts";
import type { ProductStage } from "../../infra/product-stage.ts";
import { type StageSettings, stages as settings } from "../../infra/settings.ts";

// biome-ignore lint/suspicious/noExplicitAny: templates are JSON of every shape; what is expected of them is in the assertions.
type Json = any;
/** `id` is `<stack>/<logical id>`. */
export type Resource = { readonly id: string; readonly type: string; readonly properties: Json; readonly retains: boolean };
type Stacks = Record<string, { Resources: Record<string, Json>; Outputs?: Record<string, { Value: Json }> }>;

export const account = { id: "123456789012", region: "eu-west-1" };
const arnOf = (service: string, resource: string) => `arn:aws:${service}:${account.region}:${account.id}:${resource}`;
/** The ARNs of resources that others refer to. */
const names: Record<string, (id: string) => string> = {
  "AWS::DynamoDB::GlobalTable": (id) => arnOf("dynamodb", `table/${id}`),
  "AWS::IAM::Role": (id) => `arn:aws:iam::${account.id}:role/${id}`,
  "AWS::SQS::Queue": (id) => arnOf("sqs", id),
  "AWS::Logs::LogGroup": (id) => arnOf("logs", `log-group:${id}:*`),
  "AWS::Lambda::Function": (id) => arnOf("lambda", `function:${id}`),
  "AWS::S3::Bucket": (id) => `arn:aws:s3:::${id.toLowerCase()}`,
};

/** As `Fn::GetAtt` of the attribute `Arn` answers. */
export const arnOfResource = (type: string, logicalId: string): string => names[type]?.(logicalId) ?? `<${logicalId}.Arn>`;

/** Stages with Lambdas that have no code: templates name it by its hash only. `use` gets the app before it is synthesised. */
export function withApp<Result>(use: (app: App) => Result, stages = settings): Result {
  const folder = mkdtempSync(join(tmpdir(), "clientele-templates-"));
  try {
    for (const { name } of lambdas) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "index.mjs"), "");
    }
    const { context } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "cdk.json"), "utf8"));
    return use(productApp(stages, folder, { context, outdir: join(folder, "out") }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const resourcesOf = (stage: StageSettings["name"], stages = settings): Resource[] =>
  withApp((app) => {
    const assembly = (app.node.findChild(stage) as ProductStage).synth();
    const stacks = Object.fromEntries(assembly.stacks.map(({ stackName, template }) => [stackName, template])) as Stacks;
    return Object.entries(stacks).flatMap(([stack, { Resources: resources }]) =>
      Object.entries(resources).map(([logicalId, { Type: type, Properties: properties = {}, DeletionPolicy: deletion }]) => ({
        id: `${stack}/${logicalId}`,
        type,
        properties: resolve(properties, stack, stacks),
        retains: deletion === "Retain",
      })),
    );
  }, stages);

/** Throws for an intrinsic function that is not used so far, so that nothing is taken for what it is not. */
function resolve(value: Json, stack: string, stacks: Stacks): Json {
  if (Array.isArray(value)) return value.map((item) => resolve(item, stack, stacks));
  if (typeof value !== "object" || value === null) return value;
  const [[name, argument] = ["", undefined], ...others] = Object.entries<Json>(value);
  const again = (inner: Json) => resolve(inner, stack, stacks);
  if (others.length > 0 || !(name === "Ref" || name.startsWith("Fn::")))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, again(inner)]));
  switch (name) {
    case "Ref":
      return (
        { "AWS::Partition": "aws", "AWS::Region": account.region, "AWS::AccountId": account.id, "AWS::URLSuffix": "amazonaws.com" }[argument as string] ??
        argument
      );
    case "Fn::GetAtt":
      return attribute(argument, stack, stacks);
    case "Fn::Join":
      return again(argument[1]).join(argument[0]);
    case "Fn::Sub":
      return (argument as string).replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => again({ Ref: name }));
    case "Fn::GetStackOutput":
      return resolve(stacks[argument.StackName]?.Outputs?.[argument.OutputName]?.Value, argument.StackName, stacks);
    default:
      throw new Error(`No rule for ${name}.`);
  }
}

function attribute([id, name]: [string, string], stack: string, stacks: Stacks): string {
  const type = stacks[stack]?.Resources[id]?.Type;
  return name === "Arn" ? arnOfResource(type, id) : `<${id}.${name}>`;
}
