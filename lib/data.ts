import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableV2,
} from "aws-cdk-lib/aws-dynamodb";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { dueIndex } from "../platform/store/keys.ts";
import { placeQueues, type Queues } from "./queues.ts";
import type { Stage } from "./stages.ts";

/** What is kept: the one table, the queues, and the bucket of batches that could not be handled. */
export class Data extends Stack {
  readonly table: TableV2;
  readonly queues: Queues;
  readonly deadLetters: Queues;
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
    // `npm run redrive` is told this name.
    new CfnOutput(this, "failures-bucket", { value: this.failures.bucketName });
    const { live, dead } = placeQueues(this, stage.name);
    this.queues = live;
    this.deadLetters = dead;
  }
}
