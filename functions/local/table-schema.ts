/** The table as data: what a new local table is created with. Both indexes are sparse. */
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

const keys = (partition: string, sort: string) => [
  { AttributeName: partition, KeyType: "HASH" as const },
  { AttributeName: sort, KeyType: "RANGE" as const },
];

export const tableSchema = {
  AttributeDefinitions: ["pk", "sk", "listPk", "listSk", "duePk", "dueSk"].map((name) => ({ AttributeName: name, AttributeType: "S" as const })),
  KeySchema: keys("pk", "sk"),
  GlobalSecondaryIndexes: [
    { IndexName: "list", KeySchema: keys("listPk", "listSk"), Projection: { ProjectionType: "ALL" as const } },
    { IndexName: "due", KeySchema: keys("duePk", "dueSk"), Projection: { ProjectionType: "KEYS_ONLY" as const } },
  ],
  BillingMode: "PAY_PER_REQUEST",
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
} satisfies Omit<CreateTableCommandInput, "TableName">;

export const timeToLive = { AttributeName: "expiresAtSeconds", Enabled: true };
