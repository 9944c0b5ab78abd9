import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableV2,
} from "aws-cdk-lib/aws-dynamodb";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { QueueName } from "../platform/grants.ts";
import { dueIndex } from "../platform/store/keys.ts";
import type { Stage } from "./stages.ts";

/** Tries of one queue message before it is put aside for a person. */
const receiveCountMax = 5;

/** What is kept: the one table, the queues, and the bucket of batches that could not be handled. */
export class Data extends Stack {
  readonly table: TableV2;
  readonly queues: Record<QueueName, Queue>;
  readonly deadLetters: Record<QueueName, Queue>;
  readonly failures: Bucket;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    const removalPolicy = stage.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.table = new TableV2(this, "table", {
      tableName: `ovation-${stage.name}`,
      partitionKey: { name: "PK", type: AttributeType.STRING },
      sortKey: { name: "SK", type: AttributeType.STRING },
      billing: Billing.onDemand(),
      timeToLiveAttribute: "expiresAt",
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: stage.keepData,
      removalPolicy,
      globalSecondaryIndexes: [
        {
          indexName: dueIndex.name,
          partitionKey: { name: dueIndex.PK, type: AttributeType.STRING },
          sortKey: { name: dueIndex.SK, type: AttributeType.STRING },
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: ["dueCredits"],
        },
      ],
    });
    this.failures = new Bucket(this, "failures", {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
    const dead = (name: QueueName, fifo: boolean) => this.queue(`${name}-dead`, stage, { fifo });
    this.deadLetters = { moments: dead("moments", false), posts: dead("posts", true) };
    const live = (name: QueueName, fifo: boolean) =>
      this.queue(name, stage, { fifo, deadLetters: this.deadLetters[name] });
    this.queues = { moments: live("moments", false), posts: live("posts", true) };
  }

  /** A queue whose messages are hidden for a minute while they are handled: six times a time-out. */
  private queue(
    name: string,
    stage: Stage,
    { fifo, deadLetters }: { fifo: boolean; deadLetters?: Queue },
  ): Queue {
    return new Queue(this, name, {
      queueName: `ovation-${stage.name}-${name}${fifo ? ".fifo" : ""}`,
      ...(fifo && { fifo: true }),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(60),
      retentionPeriod: Duration.days(deadLetters === undefined ? 14 : 4),
      ...(deadLetters && {
        deadLetterQueue: { queue: deadLetters, maxReceiveCount: receiveCountMax },
      }),
    });
  }
}
