import { Duration, Stack } from "aws-cdk-lib";
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, type IWidget, MathExpression, Row, SingleValueWidget } from "aws-cdk-lib/aws-cloudwatch";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import { metricNamespace, requestDimensions, serviceOf } from "../domain/kernel/metric.ts";
import { faultShare, thresholdsOf } from "./alarms.ts";
import { deploymentMetric, type Observed } from "./observed.ts";
import { alarmAt } from "./threshold.ts";

const fiveMinutes = Duration.minutes(5);
const [third, half, whole] = [8, 12, 24];

/** Alarms on what users are promised, and one page that shows whether it is kept. */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, observed: Observed) {
    super(scope, id);
    const topic = new Topic(this, "Alarms", { displayName: `Clientele ${observed.stage.name}`, enforceSSL: true });
    // A topic with a policy of its own is closed to alarms, too, unless it says otherwise.
    topic.grantPublish(new ServicePrincipal("cloudwatch.amazonaws.com", { conditions: { StringEquals: { "aws:SourceAccount": this.account } } }));
    if (observed.stage.alarmEmail) topic.addSubscription(new EmailSubscription(observed.stage.alarmEmail));
    const alarms = Object.entries(thresholdsOf(observed)).map(([name, threshold]) =>
      alarmAt(this, name, `clientele-${observed.stage.name}-${name}`, threshold, topic),
    );
    // Dashboards are the same in all regions of an account: the name says which one this is about.
    const dashboard = new Dashboard(this, "Dashboard", { dashboardName: `clientele-${observed.stage.name}-${this.region}` });
    dashboard.addWidgets(new AlarmStatusWidget({ title: "Alarms", alarms, width: whole, height: 4 }));
    for (const row of [requestsOf(observed), operationsOf(observed), eventsOf(observed), resourcesOf(observed)]) dashboard.addWidgets(new Row(...row));
  }
}

const graph = (title: string, width: number, left: IMetric[], right: IMetric[] = []): IWidget =>
  new GraphWidget({ title, width, left, right, period: fiveMinutes });

const requestsOf = (observed: Observed): IWidget[] => {
  const { api } = observed;
  const latencies = ["p50", "p99"].map((statistic) => api.metricLatency({ statistic, label: statistic }));
  return [
    new SingleValueWidget({ title: "Share that fails, 1 h", width: third, metrics: [faultShare(observed, Duration.hours(1))] }),
    graph(
      "Requests and faults",
      third,
      [api.metricCount({ label: "requests" })],
      [api.metricServerError({ label: "5xx" }), api.metricClientError({ label: "4xx" })],
    ),
    graph("Latency, ms", third, latencies),
  ];
};

/** By operation and class of tenant, whatever there is. */
const operationsOf = ({ stage }: Observed): IWidget[] =>
  [
    ["Latency", "p99"],
    ["Fault", "Sum"],
  ].map(([metric, statistic]) => {
    const where = `{${metricNamespace},${requestDimensions.join(",")}} MetricName="${metric}" service="${serviceOf(stage.name)}"`;
    const expression = `SEARCH('${where}', '${statistic}', ${fiveMinutes.toSeconds()})`;
    return graph(`${metric} by operation and class of tenant (${statistic})`, half, [new MathExpression({ expression, usingMetrics: {}, label: "" })]);
  });

const eventsOf = ({ stage, consumers, deliveries, deadLetters }: Observed): IWidget[] => [
  graph(
    "Event to first attempt, ms",
    third,
    ["p50", "p99"].map((statistic) => deploymentMetric(stage, "FirstAttemptDelay", { statistic, label: statistic })),
  ),
  graph(
    "Age of the stream, ms",
    third,
    consumers.map(({ made }) => made.lambda.metric("IteratorAge", { statistic: "max", label: made.node.id })),
  ),
  graph(
    "Deliveries that wait, dead letters",
    third,
    [deliveries.metricApproximateNumberOfMessagesVisible({ label: "waiting" }), deliveries.metricApproximateAgeOfOldestMessage({ label: "oldest, s" })],
    deadLetters.map((queue) => queue.metricApproximateNumberOfMessagesVisible({ label: queue.node.id })),
  ),
];

const resourcesOf = ({ table, functions }: Observed): IWidget[] => [
  graph("Units of the table", third, [
    table.metricConsumedReadCapacityUnits({ statistic: "sum", label: "read" }),
    table.metricConsumedWriteCapacityUnits({ statistic: "sum", label: "written" }),
  ]),
  graph(
    "Lambdas at once",
    third,
    functions.map((lambda) => lambda.metric("ConcurrentExecutions", { statistic: "max", label: lambda.node.scope?.node.id ?? "" })),
  ),
  graph(
    "Lambda errors",
    third,
    functions.map((lambda) => lambda.metricErrors({ label: lambda.node.scope?.node.id ?? "" })),
  ),
];
