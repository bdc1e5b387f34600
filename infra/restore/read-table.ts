/** Reads a whole table once, in segments side by side, and goes on where a killed program was. */
import { type DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { Image } from "./hand-over.ts";
import type { Journal, Page } from "./journal.ts";

const segments = 16;

/** A page counts as read once `settle` has answered; when it throws, the other segments stop after the page in hand. */
export async function readTable(
  dynamodb: DynamoDBClient,
  tableName: string,
  journal: Journal,
  settle: (images: readonly Image[]) => Promise<Page>,
): Promise<void> {
  let isStopped = false;
  const readSegment = async (segment: number): Promise<void> => {
    for (let place = journal.placeOf(segment); place !== "done" && !isStopped; place = journal.placeOf(segment)) {
      const command = new ScanCommand({ TableName: tableName, Segment: segment, TotalSegments: segments, ExclusiveStartKey: place, ConsistentRead: true });
      const { Items: images = [], LastEvaluatedKey: next } = await dynamodb.send(command);
      journal.add({ segment, ...(await settle(images)), ...(next && { next }) });
    }
  };
  await Promise.all(
    Array.from({ length: segments }, (_, segment) =>
      readSegment(segment).catch((error: unknown) => {
        isStopped = true;
        throw error;
      }),
    ),
  );
}
