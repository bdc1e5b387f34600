/** Credentials for one tenant's partition and nothing else: a session of the Lambda's tenant role, tagged with the partition. */
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";

/** A role that was assumed by a Lambda's own may be assumed for an hour at most. */
const sessionSeconds = 3_600;
/** The SDK asks for new credentials 5 minutes before the old ones end; these end earlier, so a session serves 50 minutes. */
const earlierMilliseconds = 5 * 60_000;
const keptMilliseconds = sessionSeconds * 1_000 - 2 * earlierMilliseconds;

/** Many requests wait for the one call of their tenant: better to ask again soon than to wait for an answer that does not come. */
const patience = { maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true } };

type Session = Awaited<ReturnType<typeof assume>>;
const kept = new Map<string, { session: Promise<Session>; until: number }>();
/** About a kilobyte each: far more than there are clients, so that the client of a rare tenant costs no call of STS. */
const keptMax = 10_000;

let sts: STSClient | undefined;

/**
 * What the SDK calls for credentials. The tag cannot be changed in the session, and the role's policy allows keys that begin
 * with it only. Throws what STS answers; a session that could not be had is not kept.
 */
export const partitionSession = (roleArn: string, partition: string) => (): Promise<Session> => {
  const known = kept.get(partition);
  if (known && known.until > Date.now()) return known.session;
  const session = assume(roleArn, partition);
  session.catch(() => kept.delete(partition));
  kept.delete(partition);
  if (kept.size >= keptMax) kept.delete(kept.keys().next().value as string);
  kept.set(partition, { session, until: Date.now() + keptMilliseconds });
  return session;
};

async function assume(roleArn: string, partition: string) {
  sts ??= new STSClient(patience);
  const { Credentials: session } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: roleArn,
      // Shown by CloudTrail beside each request.
      RoleSessionName: partition,
      DurationSeconds: sessionSeconds,
      Tags: [{ Key: "partition", Value: partition }],
    }),
  );
  if (!session?.AccessKeyId || !session.SecretAccessKey || !session.SessionToken || !session.Expiration) throw new Error("STS answered without credentials.");
  return {
    accessKeyId: session.AccessKeyId,
    secretAccessKey: session.SecretAccessKey,
    sessionToken: session.SessionToken,
    expiration: new Date(session.Expiration.getTime() - earlierMilliseconds),
  };
}
