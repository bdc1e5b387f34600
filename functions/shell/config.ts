/** What a deployment decides, read once from the environment. */

export type Config = {
  readonly tableName: string;
  /** A DynamoDB-compatible endpoint instead of AWS: the embedded engine on a laptop. */
  readonly endpoint: string | undefined;
  /** The role whose sessions reach one tenant's partition each; none on a laptop, where everything is one owner's. */
  readonly tenantRoleArn: string | undefined;
  /** How long a credential and its tenant may be remembered: the longest time a revoked key still works. */
  readonly authCacheSeconds: number;
  /** Check every answer against its schema before it is sent; for tests, since a mismatch answers 500. */
  readonly validateOutput: boolean;
  /** The SQS queue of webhook deliveries; none on a laptop. */
  readonly queueUrl: string | undefined;
  /** Webhooks may go to this machine, in clear text too: on a laptop only. */
  readonly allowLoopbackTargets: boolean;
  /** How long an attempt to deliver a webhook may take, its answer included. */
  readonly webhookTimeoutSeconds: number;
  /** Accepted issuer of JWTs, or none. */
  readonly oidc: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string | undefined } | undefined;
};

function read(environment: NodeJS.ProcessEnv): Config {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = environment;
  return {
    tableName: environment["TABLE_NAME"] ?? "clientele",
    endpoint: environment["DYNAMODB_ENDPOINT"] || undefined,
    tenantRoleArn: environment["TENANT_ROLE_ARN"] || undefined,
    // Not above half of shardGrowthDelaySeconds: by then every process must know a raised shard count.
    authCacheSeconds: Math.min(Number(environment["AUTH_CACHE_SECONDS"] ?? 30), 30),
    validateOutput: environment["VALIDATE_OUTPUT"] === "true",
    queueUrl: environment["QUEUE_URL"] || undefined,
    allowLoopbackTargets: environment["ALLOW_LOOPBACK_TARGETS"] === "true",
    webhookTimeoutSeconds: Number(environment["WEBHOOK_TIMEOUT_SECONDS"] ?? 15),
    oidc: issuer && audience ? { issuer, audience, jwksUrl: environment["OIDC_JWKS_URL"] || undefined } : undefined,
  };
}

let config: Config | undefined;
/** Read at the first use, not at import, so that the local runtime can start its engine first. */
export const deployment = (): Config => (config ??= read(process.env));
