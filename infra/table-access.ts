/** Who may do what to which items: exact actions on keys that begin in a certain way. Nobody may scan, nobody may use PartiQL. */
import type { ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";

type Action = "GetItem" | "BatchGetItem" | "Query" | "PutItem" | "UpdateItem" | "DeleteItem" | "ConditionCheckItem";
/** `leadingKeys`: what the partition key must be; `*` stands for any end. `index`: the one that is queried, instead of the table. */
export type Access = { readonly actions: readonly Action[]; readonly leadingKeys: readonly string[]; readonly index?: "list" | "due" };

// Transactions have no actions of their own: each of their writes needs its own.
const reads = ["GetItem", "BatchGetItem", "Query"] as const;
const writes = ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"] as const;

const platform = "T#platform#";
/** To know who calls, and to note the minute of it. */
export const secretsAndTenants: readonly Access[] = [
  { actions: ["GetItem", "BatchGetItem"], leadingKeys: [`${platform}SECRET#*`, `${platform}TENANT#*`, `${platform}USE#*`] },
  { actions: ["PutItem"], leadingKeys: [`${platform}USE#*`] },
];
export const signingKeys: readonly Access[] = [{ actions: ["GetItem", "PutItem"], leadingKeys: [`${platform}WEBHOOK_KEYS`] }];
/** Tenants and API keys themselves. */
export const platformEntries: readonly Access[] = [
  { actions: [...reads, ...writes], leadingKeys: [`${platform}*`] },
  { actions: ["Query"], leadingKeys: [`${platform}*`], index: "list" },
];
export const rateBuckets: readonly Access[] = [{ actions: ["UpdateItem"], leadingKeys: ["RL#*"] }];
export const dueIndex: readonly Access[] = [{ actions: ["Query"], leadingKeys: ["DUE#*"], index: "due" }];

/**
 * For a role whose sessions are tagged with a partition: the keys of that partition. The `#` belongs to the prefix, or
 * tenant 1 would reach tenant 10.
 */
export function partitionAccess(kind: "reads" | "writes"): readonly Access[] {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IAM, not of a template.
  const leadingKeys = ["T#${aws:PrincipalTag/partition}#*"];
  return [
    { actions: kind === "reads" ? reads : [...reads, ...writes], leadingKeys },
    { actions: ["Query"], leadingKeys, index: "list" },
  ];
}

/** Requests without keys, such as a scan, would meet the first condition: `ForAllValues` is true of nothing. The second refuses them. */
export const statementOf = ({ actions, leadingKeys, index }: Access, { tableArn }: ITableV2): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.ALLOW,
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [index ? `${tableArn}/index/${index}` : tableArn],
    conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": leadingKeys }, Null: { "dynamodb:LeadingKeys": "false" } },
  });
