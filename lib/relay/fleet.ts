import { Duration } from "aws-cdk-lib";
import {
  Cluster,
  ContainerInsights,
  FargateService,
  type FargateTaskDefinition,
  type ICluster,
} from "aws-cdk-lib/aws-ecs";
import type { Construct } from "constructs";
import { metricNamespace } from "../../platform/runtime/metrics.ts";
import { relayNames } from "../stages/names.ts";
import { type RelaySettings, rollingPercent, socketsPerTask } from "../stages/relay.ts";
import { metricOf } from "../watch/metrics.ts";
import type { Network } from "./network.ts";

type FleetInputs = {
  name: string;
  relay: RelaySettings;
  network: Network;
  task: FargateTaskDefinition;
};

/** Above this average CPU utilization, tasks are added. */
const cpuPercent = 50;
/** Tasks are added within minutes, and removed slowly, since their viewers have to reconnect. */
const cooldowns = { scaleOutCooldown: Duration.minutes(1), scaleInCooldown: Duration.minutes(15) };

/** The tasks: as many as their sockets and their CPU require, replaced a few at a time. */
export function addFleet(
  scope: Construct,
  { name, relay, network, task }: FleetInputs,
): FargateService {
  const { cluster: clusterName, service: serviceName } = relayNames(name);
  const cluster = new Cluster(scope, "cluster", {
    clusterName,
    vpc: network.vpc,
    containerInsightsV2: ContainerInsights.DISABLED,
  }) as ICluster;
  const service = new FargateService(scope, "service", {
    serviceName,
    cluster,
    taskDefinition: task,
    assignPublicIp: true,
    vpcSubnets: { subnets: network.vpc.publicSubnets },
    securityGroups: [network.ofTasks],
    // New tasks accept sockets before old ones end; if they do not, the old version stays.
    minHealthyPercent: 100,
    maxHealthyPercent: rollingPercent(relay),
    circuitBreaker: { rollback: true },
    healthCheckGracePeriod: Duration.minutes(2),
  });
  const { minTasks: minCapacity, maxTasks: maxCapacity } = relay;
  const tasks = service.autoScaleTaskCount({ minCapacity, maxCapacity });
  tasks.scaleOnCpuUtilization("cpu", { targetUtilizationPercent: cpuPercent, ...cooldowns });
  // All tasks report equally often, so the average is that of one task.
  tasks.scaleToTrackCustomMetric("sockets", {
    metric: metricOf(metricNamespace, "RelaySockets", { stage: name }, "Average"),
    targetValue: socketsPerTask.wanted,
    ...cooldowns,
  });
  return service;
}
