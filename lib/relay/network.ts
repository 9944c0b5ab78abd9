import {
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import type { Construct } from "constructs";
import { taskPort } from "./task.ts";

/** The tasks' network and its security groups. */
export type Network = { vpc: IVpc; ofTasks: SecurityGroup; ofEntrance: SecurityGroup };

/** Leaves 59 addresses in each zone: one for the load balancer, the others for `tasksMax`. */
const subnetMask = 26;

/**
 * The relay's own network. Its tasks have public addresses and no NAT, which would cost $33 a month
 * for each zone and $45 per terabyte of frames read; the table and S3 are reached inside AWS. From
 * outside, tasks are reachable only through the load balancer.
 */
export function addNetwork(scope: Construct): Network {
  const vpc = new Vpc(scope, "network", {
    ipAddresses: IpAddresses.cidr("10.0.0.0/24"),
    natGateways: 0,
    subnetConfiguration: [{ name: "public", subnetType: SubnetType.PUBLIC, cidrMask: subnetMask }],
    gatewayEndpoints: {
      table: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      bundles: { service: GatewayVpcEndpointAwsService.S3 },
    },
    restrictDefaultSecurityGroup: false,
  }) as IVpc;
  const group = (id: string, description: string, allowAllOutbound: boolean) =>
    new SecurityGroup(scope, id, { vpc, description, allowAllOutbound });
  const ofTasks = group("tasks-group", "Tasks of the relay", true);
  const ofEntrance = group("entrance-group", "The load balancer of the relay", false);
  ofEntrance.addIngressRule(Peer.anyIpv4(), Port.tcp(443), "Clients");
  ofEntrance.addEgressRule(ofTasks, Port.tcp(taskPort), "Sockets and health checks");
  ofTasks.addIngressRule(ofEntrance, Port.tcp(taskPort), "Sockets and health checks");
  return { vpc, ofTasks, ofEntrance };
}
