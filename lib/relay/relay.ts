import { Fn, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { logGroup } from "../api/gateway.ts";
import type { Neighbours } from "../compute/site.ts";
import { placeOf, type Stage } from "../stages/stages.ts";
import { placeEntrance } from "./entrance.ts";
import { placeFleet } from "./fleet.ts";
import { placeNetwork } from "./network.ts";
import { placeTask } from "./task.ts";

/**
 * The relay of a stage: tasks on Fargate behind a load balancer, in a network of their own. Without
 * a domain there is the task alone, which one machine runs; a deployment is refused by then.
 */
export class Relay extends Stack {
  constructor(scope: Construct, id: string, stage: Stage, neighbours: Neighbours) {
    super(scope, id, placeOf(stage));
    const log = logGroup(this, "log", stage, "relay");
    // It has no more than metrics and faults, and a relay that comes again needs its name.
    log.applyRemovalPolicy(RemovalPolicy.DESTROY);
    const task = placeTask(this, stage, log, neighbours);
    const { domain, relay } = stage;
    if (domain === undefined || relay === undefined) return;
    const network = placeNetwork(this);
    const service = placeFleet(this, { name: stage.name, relay, network, task });
    placeEntrance(this, domain, relay, { network, service });
  }

  /** Two, which every region has; named without being looked up, since a synthesis asks nobody. */
  override get availabilityZones(): string[] {
    return [0, 1].map((at) => Fn.select(at, Fn.getAzs()));
  }
}
