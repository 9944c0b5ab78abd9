import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AssetHashType, Duration, Size, Stack, Validations } from "aws-cdk-lib";
import {
  AwsLogDriverMode,
  type CfnTaskDefinition,
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
  UlimitName,
} from "aws-cdk-lib/aws-ecs";
import { PolicyDocument, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import type { Construct } from "constructs";
import { relayContract } from "../../platform/relay/contract.ts";
import { environmentOf } from "../compute/environment.ts";
import { type Statement, statementsOf } from "../compute/grants.ts";
import { issuerOf, type StackInputs, siteOf } from "../compute/site.ts";
import { separateBundlesFlag } from "../stages/names.ts";
import { cpuUnits, semiSpaceMegabytes } from "../stages/relay.ts";
import type { Stage } from "../stages/stages.ts";

const root = join(import.meta.dirname, "../..");
const bundleFile = join(root, "dist/relay/index.cjs");

/**
 * Node's public image, in AWS's own mirror, which does not limit pulls from AWS: 24.18.0. It
 * contains nothing of ours, so its digest changes only with Node (docs/deploying.md).
 */
const image =
  "public.ecr.aws/docker/library/node:24-bookworm-slim" +
  "@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d";

/** The port on which a task accepts sockets and health checks. */
export const taskPort = 8_080;

/**
 * The time that a stopped task has (at most two minutes on Fargate), and the part of it over which
 * its clients are spread. 25,000 of them are then 250 a second, each of which first connects to the
 * API again, where an account allows 500 new sockets a second.
 */
const stop = { seconds: 120, drainSeconds: 100 };

/** The heap's share of the memory: sockets' buffers are outside of it. */
const heapMegabytes = 0.7 * relayContract.memoryMegabytes;

/** The relay's task: its bundle, its role and its settings. One machine runs it too. */
export function addTask(
  scope: Construct,
  stage: Stage,
  log: LogGroup,
  inputs: StackInputs,
): FargateTaskDefinition {
  const site = siteOf(scope, stage, log, { ...inputs, issuer: issuerOf(scope, stage) });
  const bundle = bundleOf(scope);
  const statements = [...statementsOf(relayContract.grants, site.resources), ...bundle.statements];
  const taskRole = new Role(scope, "role", {
    assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com"),
    inlinePolicies: { own: PolicyDocument.fromJson({ Statement: statements }) },
  });
  const task = new FargateTaskDefinition(scope, "task", {
    family: `ovation-${stage.name}-relay`,
    cpu: cpuUnits,
    memoryLimitMiB: relayContract.memoryMegabytes,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.ARM64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
    taskRole,
  });
  const container = task.addContainer("relay", {
    image: ContainerImage.fromRegistry(image),
    command: bundle.command,
    environment: {
      ...environmentOf(relayContract, stage, site.values),
      AWS_REGION: Stack.of(scope).region,
    },
    readonlyRootFilesystem: true,
    user: "node",
    stopTimeout: Duration.seconds(stop.seconds),
    portMappings: [{ containerPort: taskPort }],
    // A log that does not respond blocks no socket.
    logging: LogDrivers.awsLogs({
      logGroup: log,
      streamPrefix: "relay",
      mode: AwsLogDriverMode.NON_BLOCKING,
      maxBufferSize: Size.mebibytes(4),
    }),
  });
  bundle.asset.addResourceMetadata(
    task.node.defaultChild as CfnTaskDefinition,
    "ContainerDefinitions",
  );
  Validations.of(task).acknowledge({
    id: "CloudFormation-Validate::E1029",
    reason: "What looks like CloudFormation's parameters is that of the start program's texts.",
  });
  container.addUlimits({ name: UlimitName.NOFILE, softLimit: 65_536, hardLimit: 65_536 });
  return task;
}

type Bundled = { asset: Asset; command: string[]; statements: Statement[] };

/**
 * The bundle is stored with those of the functions, and the command refers to it by hash: a task
 * runs exactly what was deployed, and no image has to be built (docs/decisions/relay.md).
 */
function bundleOf(scope: Construct): Bundled {
  if (scope.node.tryGetContext(separateBundlesFlag) === true) return bundleApart(scope);
  const sha256 = createHash("sha256").update(readFileSync(bundleFile)).digest("hex");
  const asset = new Asset(scope, "bundle", {
    path: bundleFile,
    assetHash: sha256,
    assetHashType: AssetHashType.CUSTOM,
  });
  const Resource = asset.bucket.arnForObjects(asset.s3ObjectKey);
  const program = readFileSync(join(root, "relay/start.ts"), "utf8");
  return {
    asset,
    command: [
      "node",
      `--max-old-space-size=${Math.floor(heapMegabytes)}`,
      `--max-semi-space-size=${semiSpaceMegabytes}`,
      "--input-type=module-typescript",
      "--eval",
      program,
      asset.httpUrl,
      sha256,
      String(taskPort),
      String(1_000 * stop.drainSeconds),
    ],
    statements: [{ Effect: "Allow", Action: ["s3:GetObject"], Resource }],
  };
}

/** The location of the bundle on one machine, which needs no command. */
function bundleApart(scope: Construct): Bundled {
  // As for functions: if an asset's folder already exists, CDK copies nothing.
  const custom = { assetHash: "relay", assetHashType: AssetHashType.CUSTOM };
  const asset = new Asset(scope, "bundle", { path: import.meta.dirname, ...custom });
  return { asset, command: [], statements: [] };
}
