/** Every Lambda, and what it may reach: those of HTTP from the operations, the others by name. */
import { contexts } from "../domain/operations.ts";
import { httpLambda, type LambdaSettings, otherLambdas } from "./settings.ts";
import { type Access, dueIndex, platformEntries, rateBuckets, secretsAndTenants, signingKeys } from "./table-access.ts";

export type LambdaDeclaration = {
  /** Of the file in `functions/`. */
  readonly name: string;
  readonly settings: LambdaSettings;
  /** What it does in tenants' partitions, by sessions for one of them each. */
  readonly tenants?: "reads" | "writes";
  /** What else of the table its own role reaches. */
  readonly own: readonly Access[];
  /** Whether it sends to the queue of deliveries. */
  readonly isSender?: boolean;
  /** Whether what it sends comes back to it, on purpose and not for ever. */
  readonly isLooping?: boolean;
};

type Context = keyof typeof contexts;
/** What a context needs besides its tenants' partitions and the credentials of its callers. */
const more: Partial<Record<Context, Partial<LambdaDeclaration>>> = {
  tenants: { own: platformEntries },
  // Statements about the ledger are signed with the deployment's key, which is made by whoever needs it first.
  loyalty: { own: signingKeys },
  webhooks: { own: signingKeys, isSender: true },
};

function ofContext(name: Context): LambdaDeclaration {
  const inTenants = contexts[name].filter((operation) => !("partition" in operation) || operation.partition !== "platform");
  const tenants = inTenants.some(({ method }) => method !== "get") ? "writes" : "reads";
  const { own = [], ...rest } = more[name] ?? {};
  return { name, settings: httpLambda, ...(inTenants.length > 0 && { tenants }), own: [...secretsAndTenants, ...rateBuckets, ...own], ...rest };
}

/** One for each context. */
export const operationLambdas: readonly LambdaDeclaration[] = (Object.keys(contexts) as Context[]).map(ofContext);

const other = (name: keyof typeof otherLambdas, reach: Partial<LambdaDeclaration> = {}): LambdaDeclaration => ({
  name,
  settings: otherLambdas[name],
  own: [],
  ...reach,
});

export const docs = other("docs");
export const unmatched = other("unmatched");
export const bootstrapPlatform = other("bootstrap-platform", { own: platformEntries });
export const appendEvents = other("append-events", { tenants: "writes", isSender: true });
export const accountPoints = other("account-points", { tenants: "writes" });
export const deliverWebhook = other("deliver-webhook", { tenants: "writes", own: [...signingKeys, ...rateBuckets], isSender: true, isLooping: true });
export const runDueWork = other("run-due-work", { tenants: "writes", own: [...platformEntries, ...dueIndex], isSender: true });

export const lambdas = [...operationLambdas, docs, unmatched, bootstrapPlatform, appendEvents, accountPoints, deliverWebhook, runDueWork];
