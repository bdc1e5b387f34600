import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { Queue, QueueEncryption, type QueueProps } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { acknowledge } from "./acknowledged.ts";
import { accountPoints, appendEvents, deliverWebhook, type LambdaDeclaration, runDueWork } from "./lambdas.ts";
import type { Consumer } from "./observed.ts";
import { ProductFunction, type Surroundings } from "./product-function.ts";
import { deliveries } from "./settings.ts";
import { readStream } from "./stream-source.ts";

/** What happens after requests: events and their deliveries, accounting, and work that is due. */
export class AsyncStack extends Stack {
  readonly deliveries: Queue;
  readonly deadLetters: readonly Queue[];
  readonly consumers: readonly Consumer[];
  readonly deliverer: ProductFunction;
  readonly sweeper: ProductFunction;

  constructor(scope: Construct, id: string, surroundings: Omit<Surroundings, "deliveries">) {
    super(scope, id);
    const { stage, table } = surroundings;
    const undelivered = this.deadLetterQueue("Undelivered");
    const unswept = this.deadLetterQueue("Unswept");
    acknowledge(unswept, "SQS3");
    this.deadLetters = [undelivered, unswept];
    this.deliveries = this.queue("Deliveries", {
      visibilityTimeout: Duration.seconds(deliveries.visibilitySeconds),
      retentionPeriod: Duration.days(deliveries.retentionDays),
      deadLetterQueue: { queue: undelivered, maxReceiveCount: deliveries.receivesMax },
    });
    const made = (declaration: LambdaDeclaration) => new ProductFunction(this, declaration, { ...surroundings, deliveries: this.deliveries });
    const failedBatches = this.bucketOfFailedBatches();
    this.consumers = [appendEvents, accountPoints].map(made).map((consumer) => ({ made: consumer, mappingId: readStream(consumer, table, failedBatches) }));
    this.deliverer = made(deliverWebhook);
    this.deliverer.lambda.addEventSource(
      new SqsEventSource(this.deliveries, {
        batchSize: deliveries.batchSizeMax,
        maxConcurrency: stage.deliveryConcurrencyMax,
        reportBatchItemFailures: true,
      }),
    );
    this.sweeper = made(runDueWork);
    this.sweepEveryMinute(unswept);
  }

  private queue(name: string, props: QueueProps): Queue {
    return new Queue(this, name, { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, ...props });
  }

  private deadLetterQueue(name: string): Queue {
    return this.queue(name, { retentionPeriod: Duration.days(deliveries.deadLetterDays) });
  }

  private bucketOfFailedBatches(): Bucket {
    const bucket = new Bucket(this, "FailedBatches", {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(deliveries.failedBatchesDays) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(bucket, "S1");
    return bucket;
  }

  /** The next minute does what this one could not, so little is tried again. */
  private sweepEveryMinute(unswept: Queue): void {
    const { lambda } = this.sweeper;
    lambda.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1), onFailure: new SqsDestination(unswept) });
    // The CDK's own role would reach every version of the Lambda.
    const role = new Role(this, "SchedulerRole", { assumedBy: new ServicePrincipal("scheduler.amazonaws.com") });
    role.addToPolicy(new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [lambda.functionArn] }));
    new Schedule(this, "EveryMinute", {
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      target: new LambdaInvoke(lambda, {
        role: role.withoutPolicyUpdates(),
        input: ScheduleTargetInput.fromObject({ time: ContextAttribute.scheduledTime }),
        deadLetterQueue: unswept,
        maxEventAge: Duration.minutes(1),
        retryAttempts: 2,
      }),
    });
    unswept.grantSendMessages(role);
  }
}
