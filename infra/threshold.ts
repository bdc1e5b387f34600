/** An alarm as data, and how it comes to be one of CloudWatch's. */
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";

/** `below` is for what must not stop: then no data is bad, too. Else no data is good. */
export type Threshold = ({ readonly above: number } | { readonly below: number }) & {
  readonly metric: IMetric;
  /** So many in a row; 1 if it is left out. */
  readonly periods?: number;
  /** Of a few values the 99th percentile is the largest, which says nothing: CloudWatch then leaves the alarm as it is. */
  readonly isPercentile?: true;
  /** What it means for users. */
  readonly meaning: string;
};

/** Tells `topic` when it goes off, and when it is over. */
export function alarmAt(scope: Construct, name: string, alarmName: string, threshold: Threshold, topic: ITopic): Alarm {
  const { metric, periods = 1, isPercentile, meaning } = threshold;
  const bound =
    "below" in threshold
      ? { threshold: threshold.below, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD, treatMissingData: TreatMissingData.BREACHING }
      : { threshold: threshold.above, comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD, treatMissingData: TreatMissingData.NOT_BREACHING };
  const alarm = new Alarm(scope, name, {
    alarmName,
    alarmDescription: meaning,
    metric,
    evaluationPeriods: periods,
    ...bound,
    ...(isPercentile && { evaluateLowSampleCountPercentile: "ignore" }),
  });
  alarm.addAlarmAction(new SnsAction(topic));
  alarm.addOkAction(new SnsAction(topic));
  return alarm;
}
