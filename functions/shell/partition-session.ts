/** Credentials for one tenant's partition and nothing else: a session of the Lambda's tenant role, tagged with the partition. */
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";

/** A role that was assumed by a Lambda's own may be assumed for an hour at most. */
const sessionSeconds = 3_600;
/** The SDK asks for new credentials 5 minutes before the old ones end; these end earlier, so a session serves 50 minutes. */
const earlierMilliseconds = 5 * 60_000;

let sts: STSClient | undefined;

/**
 * What the SDK calls for credentials; it keeps them until they are about to end. The tag cannot be changed in the session,
 * and the role's policy allows keys that begin with it only. Throws what STS answers.
 */
export const partitionSession = (roleArn: string, partition: string) => async () => {
  sts ??= new STSClient({});
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
};
