import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableV2,
} from "aws-cdk-lib/aws-dynamodb";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
} from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { QueueName } from "../platform/grants.ts";
import { dueIndex } from "../platform/store/keys.ts";
import { defaults } from "./lambdas.ts";
import { rowsOf } from "./route-table.ts";
import type { Stage } from "./stages.ts";

/** Tries of one queue message before it is put aside for a person. */
const receiveCountMax = 5;

/** The time-out of the function that reads a queue: AWS asks for six times it as visibility. */
function readerSeconds(queue: string): number {
  const readers = rowsOf("reaction").filter(
    ({ contract: { on } }) => "queue" in on && on.queue === queue,
  );
  const seconds = readers.map(({ contract }) => contract.timeoutSeconds ?? defaults.timeoutSeconds);
  return Math.max(defaults.timeoutSeconds, ...seconds);
}

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
    this.deadLetters = {
      combos: dead("combos", false),
      moments: dead("moments", false),
      notices: dead("notices", false),
      posts: dead("posts", true),
    };
    const live = (name: QueueName, fifo: boolean) =>
      this.queue(name, stage, { fifo, deadLetters: this.deadLetters[name] });
    this.queues = {
      combos: live("combos", false),
      moments: live("moments", false),
      notices: live("notices", false),
      posts: live("posts", true),
    };
  }

  /** A queue; dead letters have none of their own and are kept as long as SQS keeps anything. */
  private queue(
    name: string,
    stage: Stage,
    { fifo, deadLetters }: { fifo: boolean; deadLetters?: Queue },
  ): Queue {
    return new Queue(this, name, {
      queueName: `ovation-${stage.name}-${name}${fifo ? ".fifo" : ""}`,
      ...(fifo && { fifo, deduplicationScope: DeduplicationScope.MESSAGE_GROUP }),
      ...(fifo && { fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID }),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(6 * readerSeconds(name)),
      retentionPeriod: Duration.days(deadLetters === undefined ? 14 : 4),
      ...(deadLetters && {
        deadLetterQueue: { queue: deadLetters, maxReceiveCount: receiveCountMax },
      }),
    });
  }
}
