/** Who reads the table's stream on this machine, and how far each of them is. */
import type { DynamoDBRecord } from "aws-lambda";
import { streamConsumers as declared, type RecordFilter } from "../../domain/stream-consumers.ts";
import { readPosition } from "./stream.ts";

type Named = { readonly name: string; readonly positionFile: string; wants(record: DynamoDBRecord): boolean };

const positionFiles: Record<(typeof declared)[number]["name"], string> = {
  "append-events": "stream-position.json",
  "account-points": "accounting-position.json",
};

export const streamConsumers: readonly Named[] = declared.map(({ name, wants }) => ({ name, positionFile: positionFiles[name], wants: matcherOf(wants) }));

/** As the event filter of an event source mapping decides on AWS. */
function matcherOf(filter: RecordFilter): Named["wants"] {
  if ("newAttribute" in filter) return ({ dynamodb }) => dynamodb?.NewImage?.[filter.newAttribute] !== undefined;
  return ({ dynamodb }) => {
    const sk = dynamodb?.Keys?.["sk"]?.S ?? "";
    return filter.sk.some((wanted) => (typeof wanted === "string" ? sk === wanted : sk.startsWith(wanted.prefix)));
  };
}

/** The last record of the stream that all of them have handled; undefined while one has handled none. */
export function handledByAll(positionFiles: readonly string[], streamArn: string): string | undefined {
  const places = positionFiles.map((file) => Object.values(readPosition(file, streamArn).shards)[0]);
  return places.includes(undefined) ? undefined : (places as string[]).toSorted((one, other) => Number(one) - Number(other))[0];
}
