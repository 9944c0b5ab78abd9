import { CfnOutput, Duration, RemovalPolicy, SecretValue, Stack } from "aws-cdk-lib";
import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableV2,
} from "aws-cdk-lib/aws-dynamodb";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { dueIndex } from "../../platform/table/keys.ts";
import { edgeKeyName, tableName } from "../stages/names.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { addBackups } from "./backups.ts";
import { exportPermanently, outputOf } from "./outputs.ts";
import { addQueues, type Queues, queuesOf } from "./queues.ts";

/**
 * Days for which failed batches wait for `npm run redrive`. They contain names and texts, even of
 * users deleted since; after a day their contents are no longer shown to viewers.
 */
const failuresKeptDays = 7;

/**
 * Everything that is stored: the one table, the queues, the bucket of failed batches, and the keys
 * of the Tencent application and of its callbacks. Resources with fixed names that outlive their
 * stage are still deleted when a first deployment fails, so that it can be repeated.
 */
export class Data extends Stack {
  /** By name, not by reference: the table may be replaced by another one. */
  readonly table: { tableName: string; tableArn: string; tableStreamArn: string };
  readonly queues: Queues;
  readonly deadLetters: Queues;
  readonly failures: Bucket;
  /** Uploaded pictures, which only functions read. */
  readonly pictures: Bucket;
  readonly tencentSecret: Secret;
  readonly callbackSecret: Secret;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id, stackEnvironmentOf(stage));
    const removalPolicy = removalPolicyOf(stage);
    this.failures = new Bucket(this, "failures", {
      ...privateBucket(stage),
      lifecycleRules: [{ expiration: Duration.days(failuresKeptDays) }],
    });
    this.pictures = new Bucket(this, "pictures", privateBucket(stage));
    // `npm run redrive` reads the first name, and `npm run destroy` empties both.
    new CfnOutput(this, "failures-bucket", { value: this.failures.bucketName });
    new CfnOutput(this, "pictures-bucket", { value: this.pictures.bucketName });
    const { live, dead } = addQueues(this, stage.name);
    this.queues = queuesOf(this, stage.name, false);
    this.deadLetters = queuesOf(this, stage.name, true);
    // The key with which the application's back ends sign. Its value is the key as text.
    this.tencentSecret = new Secret(this, "tencent-key", {
      secretName: `ovation/${stage.name}/tencent`,
      description: "The secret key of the Tencent application",
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
    // Part of a URL that is entered in Tencent's console: only letters and digits.
    this.callbackSecret = new Secret(this, "callback-key", {
      secretName: `ovation/${stage.name}/tencent-callback`,
      description: "The key in the address of callbacks from Tencent",
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      removalPolicy,
    });
    const edgeSecret = placeEdgeSecret(this, stage, removalPolicy);
    const own = placeTable(this, stage, removalPolicy);
    const value = stage.restored?.streamArn ?? own.tableStreamArn!;
    const stream = new CfnOutput(this, "stream-arn", { value });
    this.table = {
      tableName: tableName(stage),
      tableArn: this.formatArn({
        service: "dynamodb",
        resource: "table",
        resourceName: tableName(stage),
      }),
      tableStreamArn: outputOf(this, stream, this.region),
    };
    new CfnOutput(this, "table-name", { value: tableName(stage) });
    const { failures, pictures } = this;
    exportPermanently(this, failures.bucketArn, pictures.bucketArn, pictures.bucketName);
    exportPermanently(this, this.tencentSecret.secretArn, this.callbackSecret.secretArn);
    // Created last: its protection would prevent the rollback of a failed first deployment, and its
    // name the next attempt.
    own.node.addDependency(
      ...(stage.keepData ? addBackups(this, stage) : []),
      this.failures,
      this.pictures,
      this.tencentSecret,
      this.callbackSecret,
      ...Object.values(live),
      ...Object.values(dead),
      ...(edgeSecret ? [edgeSecret] : []),
    );
  }
}

/** Whether what a stage stores is kept when its stack is deleted. */
export const removalPolicyOf = ({ keepData }: Stage) =>
  keepData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;

/** The settings of every bucket: only the account itself reads it, over TLS. */
export const privateBucket = (stage: Stage) => ({
  encryption: BucketEncryption.S3_MANAGED,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  removalPolicy: removalPolicyOf(stage),
});

/**
 * Whether a stage has the secret of its edge. A stage that keeps its data always has it: a removed
 * secret would keep its name, so it could not be created again with the next firewall. A stage with
 * a domain has it too, since the APIs may demand the key before CloudFront's next deployment.
 */
const hasEdgeKey = ({ keepData, firewall, domain }: Stage): boolean =>
  keepData || firewall || domain !== undefined;

/**
 * The secret of the edge, whose value no one needs to know: the deployment passes it to CloudFront
 * and the firewalls. A deleted secret's name cannot be reused immediately (see `hasEdgeKey`).
 */
function placeEdgeSecret(scope: Stack, stage: Stage, removalPolicy: RemovalPolicy) {
  if (!hasEdgeKey(stage)) return undefined;
  return new Secret(scope, "edge-key", {
    secretName: edgeKeyName(stage.name),
    description: "Proves to the APIs that a request came through CloudFront",
    generateSecretString: { passwordLength: 48, excludePunctuation: true },
    removalPolicy,
  });
}

/** Billed on demand; warmed up or limited if the stage says so. */
function throughputOf({ warmThroughput: warm, throughputMax: most }: Stage) {
  const bounds = most && {
    maxReadRequestUnits: most.reads,
    maxWriteRequestUnits: most.writes,
  };
  return {
    billing: Billing.onDemand(bounds),
    ...(warm && {
      warmThroughput: { readUnitsPerSecond: warm.reads, writeUnitsPerSecond: warm.writes },
    }),
  };
}

/** The secret that CloudFront sends to the APIs, as CloudFormation resolves it at deployment. */
export const edgeKeyOf = ({ name }: Stage): string =>
  SecretValue.secretsManager(edgeKeyName(name)).unsafeUnwrap();

/** The secret that the APIs behind a domain demand, if its firewall must not be bypassed. */
export const demandedKeyOf = (stage: Stage): string | undefined =>
  stage.domain && stage.firewall ? edgeKeyOf(stage) : undefined;

function placeTable(scope: Stack, stage: Stage, removalPolicy: RemovalPolicy): TableV2 {
  return new TableV2(scope, "table", {
    tableName: `ovation-${stage.name}`,
    partitionKey: { name: "PK", type: AttributeType.STRING },
    sortKey: { name: "SK", type: AttributeType.STRING },
    ...throughputOf(stage),
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
}
