/** IAM and STS of an account: who holds which access key, what that role may do, and whose sessions it may have. */
import { randomUUID } from "node:crypto";
import { functionNameOf, type StageSettings } from "../../infra/settings.ts";
import { neededFor } from "./dynamodb-request.ts";
import { type Facts, isAllowed, type Statement, statementsOf } from "./iam.ts";
import { arnOfResource, type Resource } from "./templates.ts";

type Tags = Readonly<Record<string, string>>;
export type Principal = { readonly roleArn: string; readonly tags: Tags };
export type Denial = Principal & { readonly action: string; readonly leadingKeys: readonly string[] };

export const tableArnIn = (resources: readonly Resource[]): string => {
  const { type, id } = resources.find((resource) => resource.type === "AWS::DynamoDB::GlobalTable") as Resource;
  return arnOfResource(type, id.split("/")[1] as string);
};
/** The roles of a stage's Lambdas, by the Lambda's name in `functions/`: its own, and the one for tenants' partitions. */
export function rolesOf(resources: readonly Resource[], stage: StageSettings["name"]): Map<string, { own: string; tenants?: string }> {
  const functions = resources.filter(({ type }) => type === "AWS::Lambda::Function");
  return new Map(
    functions.map(({ properties: { FunctionName: name, Role: own, Environment: environment } }) => {
      const { TENANT_ROLE_ARN: tenants } = environment.Variables;
      return [name.slice(functionNameOf(stage, "").length), { own, ...(tenants && { tenants }) }];
    }),
  );
}

export class Authority {
  /** What has been refused so far. */
  readonly denials: Denial[] = [];
  /** The partitions that sessions were made for so far, one for each. */
  readonly sessions: string[] = [];
  readonly #resources: readonly Resource[];
  readonly #tableArn: string;
  readonly #principals = new Map<string, Principal>();
  readonly #statements = new Map<string, Statement[]>();

  constructor(resources: readonly Resource[]) {
    this.#resources = resources;
    this.#tableArn = tableArnIn(resources);
  }

  /** A new access key of the role itself, or of a session of it that is tagged. */
  accessKeyFor(roleArn: string, tags: Tags = {}): string {
    const accessKey = `ASIA${randomUUID().replaceAll("-", "").slice(0, 16).toUpperCase()}`;
    this.#principals.set(accessKey, { roleArn, tags });
    return accessKey;
  }

  holderOf(accessKey: string): Principal | undefined {
    return this.#principals.get(accessKey);
  }

  /** Whether everything that the request to DynamoDB does is allowed. */
  allows(principal: Principal, operation: string, body: object): boolean {
    const denied = neededFor(operation, body, this.#tableArn).find(({ action, resource, leadingKeys }) => {
      const facts = { "dynamodb:LeadingKeys": leadingKeys.length > 0 ? leadingKeys : undefined };
      return !this.#may(principal, action, resource, facts);
    });
    if (denied) this.denials.push({ ...principal, ...denied });
    return !denied;
  }

  /** The access key of the new session; undefined when the caller or the role itself does not allow it. */
  assumeRole(caller: Principal, roleArn: string, tags: Tags): string | undefined {
    const requested = Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]));
    const facts: Facts = { ...requested, "aws:TagKeys": Object.keys(tags) };
    const trusting = this.#trustOf(roleArn).filter(({ Principal: trusted }) => (trusted as { AWS?: string }).AWS === caller.roleArn);
    // Without tags only the first of the two is asked for.
    const actions = ["sts:AssumeRole", ...(Object.keys(tags).length > 0 ? ["sts:TagSession"] : [])];
    const isFine = actions.every((action) => this.#may(caller, action, roleArn, facts) && isAllowed(trusting, { action, resource: roleArn, facts }));
    if (isFine) this.sessions.push(String(tags["partition"]));
    else this.denials.push({ ...caller, action: `sts:AssumeRole as ${JSON.stringify(tags)}`, leadingKeys: [] });
    return isFine ? this.accessKeyFor(roleArn, tags) : undefined;
  }

  #may({ roleArn, tags }: Principal, action: string, resource: string, facts: Facts): boolean {
    const ofPrincipal = Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]));
    return isAllowed(this.#statementsOf(roleArn), { action, resource, facts: { ...facts, ...ofPrincipal } });
  }

  #statementsOf(roleArn: string): readonly Statement[] {
    const statements = this.#statements.get(roleArn) ?? statementsOf(this.#resources, roleArn);
    this.#statements.set(roleArn, statements);
    return statements;
  }

  #trustOf(roleArn: string): readonly Statement[] {
    const role = this.#resources.find(({ type, id }) => type === "AWS::IAM::Role" && roleArn.endsWith(`/${id.split("/")[1]}`));
    return role?.properties.AssumeRolePolicyDocument.Statement ?? [];
  }
}
