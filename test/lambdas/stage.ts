/** What the templates of a stage say about its Lambdas: their environment, their time, and what they may do. */
import { lambdas } from "../../infra/lambdas.ts";
import { functionNameOf } from "../../infra/settings.ts";
import { Authority, tableArnIn } from "../aws/authority.ts";
import { isAllowed, statementsOf } from "../aws/iam.ts";
import { account, arnOfResource, type Resource, resourcesOf } from "../aws/templates.ts";

const stage = "dev";
const resources = resourcesOf(stage);
export const authority = new Authority(resources);
export const tableName = tableArnIn(resources).split("/")[1] as string;

export type DeployedFunction = {
  /** Of the file in `functions/`. */
  readonly name: string;
  readonly role: string;
  readonly timeoutMilliseconds: number;
  readonly variables: Readonly<Record<string, string>>;
};

export const deployedFunctions: readonly DeployedFunction[] = lambdas.map(({ name }) => {
  const functionName = functionNameOf(stage, name);
  const { properties } = resources.find(({ properties }) => properties.FunctionName === functionName) as Resource;
  const service = { AWS_LAMBDA_FUNCTION_NAME: functionName, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize) };
  return { name, role: properties.Role, timeoutMilliseconds: properties.Timeout * 1_000, variables: { ...service, ...properties.Environment.Variables } };
});

const queueArns = resources.filter(({ type }) => type === "AWS::SQS::Queue").map(({ type, id }) => arnOfResource(type, id.split("/")[1] as string));
/** Whether the holder of an access key may send to a queue of the stage. */
export const maySend = (accessKey: string): boolean => {
  const holder = authority.holderOf(accessKey);
  const statements = holder ? statementsOf(resources, holder.roleArn) : [];
  return queueArns.some((resource) => isAllowed(statements, { action: "sqs:SendMessage", resource, facts: {} }));
};

type Around = { readonly accountEndpoint: string; readonly queueEndpoint: string; readonly queueUrl: string };

/** All that a Lambda finds in its environment: what the service sets, what its template sets, where AWS is, and what tests ask for. */
export const environmentOf = ({ role, variables }: Pick<DeployedFunction, "role" | "variables">, around: Around): Record<string, string> => ({
  AWS_REGION: account.region,
  AWS_ACCESS_KEY_ID: authority.accessKeyFor(role),
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_SESSION_TOKEN: "token",
  AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  TZ: ":UTC",
  ...variables,
  ...(variables["QUEUE_URL"] && { QUEUE_URL: around.queueUrl }),
  AWS_ENDPOINT_URL_DYNAMODB: around.accountEndpoint,
  AWS_ENDPOINT_URL_STS: around.accountEndpoint,
  AWS_ENDPOINT_URL_SQS: around.queueEndpoint,
  AUTH_CACHE_SECONDS: "2",
  ALLOW_LOOPBACK_TARGETS: "true",
  VALIDATE_OUTPUT: "true",
});
