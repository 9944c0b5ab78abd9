import { Fn, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { logGroup } from "../api/gateway.ts";
import type { StackInputs } from "../compute/site.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { addFleet } from "./fleet.ts";
import { addLoadBalancer } from "./load-balancer.ts";
import { addNetwork } from "./network.ts";
import { addTask } from "./task.ts";

/**
 * The relay of a stage: tasks on Fargate behind a load balancer, in their own network. Without a
 * domain there is only the task definition, which one machine runs; deployments without a domain
 * are refused earlier.
 */
export class Relay extends Stack {
  constructor(scope: Construct, id: string, stage: Stage, inputs: StackInputs) {
    super(scope, id, stackEnvironmentOf(stage));
    const log = logGroup(this, "log", stage, "relay");
    // The log has only metrics and faults, and a recreated relay needs its name.
    log.applyRemovalPolicy(RemovalPolicy.DESTROY);
    const task = addTask(this, stage, log, inputs);
    const { domain, relay } = stage;
    if (domain === undefined || relay === undefined) return;
    const network = addNetwork(this);
    const service = addFleet(this, { name: stage.name, relay, network, task });
    addLoadBalancer(this, domain, relay, { network, service });
  }

  /** Two zones, which every region has; not looked up, since synthesis makes no calls. */
  override get availabilityZones(): string[] {
    return [0, 1].map((at) => Fn.select(at, Fn.getAzs()));
  }
}
