/** Who reads the table's stream, and how far each of them is. */
import type { DynamoDBRecord } from "aws-lambda";
import { readPosition } from "./stream.ts";

type Named = { readonly name: string; readonly positionFile: string; wants(record: DynamoDBRecord): boolean };

/** `name` is the Lambda's in `functions/`. The filters are those of the event source mappings on AWS. */
export const streamConsumers: readonly Named[] = [
  { name: "append-events", positionFile: "stream-position.json", wants: ({ dynamodb }) => dynamodb?.NewImage?.["outbox"] !== undefined },
  { name: "account-points", positionFile: "accounting-position.json", wants: isOfWallet },
];

/** Heads and entries. */
function isOfWallet({ dynamodb }: DynamoDBRecord): boolean {
  const { pk, sk } = dynamodb?.NewImage ?? dynamodb?.OldImage ?? {};
  return pk?.S?.includes("#W#wal_") === true && (sk?.S === "HEAD" || sk?.S?.startsWith("E#") === true);
}

/** The last record of the stream that all of them have handled; undefined while one has handled none. */
export function handledByAll(positionFiles: readonly string[], streamArn: string): string | undefined {
  const places = positionFiles.map((file) => Object.values(readPosition(file, streamArn).shards)[0]);
  return places.includes(undefined) ? undefined : (places as string[]).toSorted((one, other) => Number(one) - Number(other))[0];
}
