import { join } from "node:path";
import { AssetHashType, Stack } from "aws-cdk-lib";
import { CfnTaskDefinition } from "aws-cdk-lib/aws-ecs";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import type { Construct } from "constructs";
import { relayContract } from "../../platform/relay/contract.ts";
import { logGroup } from "../api/gateway.ts";
import { environmentOf } from "../compute/environment.ts";
import { statementsOf } from "../compute/grants.ts";
import { issuerOf, type Neighbours, siteOf } from "../compute/site.ts";
import { bundlesApart } from "../stages/names.ts";
import { placeOf, type Stage } from "../stages/stages.ts";

const dist = join(import.meta.dirname, "../../dist");

/** What a task of the relay is: its bundle, its role and its settings. One machine runs it. */
export class RelayTask extends Stack {
  constructor(scope: Construct, id: string, stage: Stage, neighbours: Neighbours) {
    super(scope, id, placeOf(stage));
    const log = logGroup(this, "log", stage, "relay");
    const site = siteOf(this, stage, log, { ...neighbours, issuer: issuerOf(this, stage) });
    const statements = statementsOf(relayContract.grants, site.resources);
    const role = new Role(this, "role", {
      assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com"),
      inlinePolicies: {
        own: new PolicyDocument({
          statements: statements.map((one) => PolicyStatement.fromJson(one)),
        }),
      },
    });
    const environment = environmentOf(relayContract, stage, site.places);
    const writeLog = PolicyStatement.fromJson({
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: log.logGroupArn,
    });
    const agent = new Role(this, "agent-role", {
      assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com"),
      inlinePolicies: { own: new PolicyDocument({ statements: [writeLog] }) },
    });
    const definition = new CfnTaskDefinition(this, "task", {
      family: `ovation-${stage.name}-relay`,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      runtimePlatform: { cpuArchitecture: "ARM64", operatingSystemFamily: "LINUX" },
      cpu: "1024",
      memory: String(relayContract.memoryMegabytes),
      taskRoleArn: role.roleArn,
      executionRoleArn: agent.roleArn,
      containerDefinitions: [
        {
          name: "relay",
          image: "node",
          logConfiguration: {
            logDriver: "awslogs",
            options: {
              "awslogs-group": log.logGroupName,
              "awslogs-region": this.region,
              "awslogs-stream-prefix": "relay",
            },
          },
          environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    this.bundle().addResourceMetadata(definition, "ContainerDefinitions");
  }

  private bundle(): Asset {
    if (this.node.tryGetContext(bundlesApart) !== true)
      return new Asset(this, "bundle", { path: join(dist, "relay") });
    // As for functions: where an asset's folder is there already CDK copies nothing.
    const custom = { assetHash: "relay", assetHashType: AssetHashType.CUSTOM };
    return new Asset(this, "bundle", { path: import.meta.dirname, ...custom });
  }
}
