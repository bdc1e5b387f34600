import { RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, Billing, type ITableV2, ProjectionType, StreamViewType, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { type StageSettings, timeToLiveAttribute } from "./settings.ts";

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** The one table. It outlives its stack, cannot be deleted by accident, and can be brought back to any second of many days. */
export class DataStack extends Stack {
  /** The table that the stage works on: the stack's own, or one that a restore has made. */
  readonly table: ITableV2;

  constructor(scope: Construct, id: string, { pointInTimeRecoveryDays, restoredTable }: StageSettings) {
    super(scope, id);
    const own = new TableV2(this, "Table", {
      partitionKey: text("pk"),
      sortKey: text("sk"),
      globalSecondaryIndexes: [
        { indexName: "list", partitionKey: text("listPk"), sortKey: text("listSk"), projectionType: ProjectionType.ALL },
        { indexName: "due", partitionKey: text("duePk"), sortKey: text("dueSk"), projectionType: ProjectionType.KEYS_ONLY },
      ],
      billing: Billing.onDemand(),
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute,
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: pointInTimeRecoveryDays },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.table = restoredTable ? this.restored(restoredTable) : own;
  }

  private restored({ tableName, streamLabel }: NonNullable<StageSettings["restoredTable"]>): ITableV2 {
    const tableArn = this.formatArn({ service: "dynamodb", resource: "table", resourceName: tableName });
    return TableV2.fromTableAttributes(this, "RestoredTable", { tableArn, tableStreamArn: `${tableArn}/stream/${streamLabel}` });
  }
}
