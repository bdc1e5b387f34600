/**
 * Decides as IAM does, by policies as CloudFormation writes them; what they use and this does not know is an error, never an answer.
 * Rules: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
 */
import type { Resource } from "./templates.ts";

/** Facts about a request by the names that conditions use; a list for keys with many values. Absent keys are absent. */
export type Facts = Readonly<Record<string, string | readonly string[] | undefined>>;
export type Asked = { readonly action: string; readonly resource: string; readonly facts: Facts };
type Conditions = Record<string, Record<string, string | string[]>>;
export type Statement = { Effect: string; Action: string | string[]; Resource?: string | string[]; Principal?: unknown; Condition?: Conditions };

const listOf = <Item>(value: Item | readonly Item[] | undefined): readonly Item[] => (value === undefined ? [] : ([value].flat() as Item[]));

/** The statements of all policies of a role. */
export const statementsOf = (resources: readonly Resource[], roleArn: string): Statement[] =>
  resources
    .filter(({ type, properties }) => type === "AWS::IAM::Policy" && properties.Roles.some((role: string) => roleArn.endsWith(`/${role}`)))
    .flatMap(({ properties }) => properties.PolicyDocument.Statement);

/** Whether one of the statements allows it. There are no statements that deny. */
export function isAllowed(statements: readonly Statement[], asked: Asked): boolean {
  return statements.some((statement) => {
    if (statement.Effect !== "Allow") throw new Error(`No rule for the effect ${statement.Effect}.`);
    const isMeant = listOf(statement.Action).some((action) => matches(action.toLowerCase(), asked.action.toLowerCase()));
    const isAbout = statement.Resource === undefined || listOf(statement.Resource).some((resource) => matches(resource, asked.resource));
    return isMeant && isAbout && meets(statement.Condition ?? {}, asked.facts);
  });
}

/** All conditions, of which each is met by one of its values. */
const meets = (conditions: Conditions, facts: Facts): boolean =>
  Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const resolved = listOf(wanted).map((value) => withVariables(value, facts));
      return isMet(operator, facts[key], resolved);
    }),
  );

function isMet(operator: string, fact: Facts[string], wanted: readonly (string | undefined)[]): boolean {
  const oneOf = (test: (pattern: string, value: string) => boolean) => (value: string) =>
    wanted.some((pattern) => pattern !== undefined && test(pattern, value));
  switch (operator) {
    case "Null":
      return wanted.includes(String(fact === undefined || fact.length === 0));
    case "StringEquals":
      return typeof fact === "string" && oneOf((pattern, value) => pattern === value)(fact);
    case "StringLike":
      return typeof fact === "string" && oneOf(matches)(fact);
    // True of nothing: a request without the key meets it.
    case "ForAllValues:StringEquals":
      return listOf(fact).every(oneOf((pattern, value) => pattern === value));
    case "ForAllValues:StringLike":
      return listOf(fact).every(oneOf(matches));
    default:
      throw new Error(`No rule for the operator ${operator}.`);
  }
}

/** Undefined when a variable has no value: then the whole condition value matches nothing. */
function withVariables(value: string, facts: Facts): string | undefined {
  let isKnown = true;
  const text = value.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const fact = facts[name];
    if (typeof fact !== "string") isKnown = false;
    return String(fact);
  });
  return isKnown ? text : undefined;
}

/** `*` is any text, `?` any character, in whatever the policy says; the request's own text means itself. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "s").test(text);
}
