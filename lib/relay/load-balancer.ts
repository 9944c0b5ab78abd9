import { CfnOutput, Duration } from "aws-cdk-lib";
import {
  Certificate,
  CertificateValidation,
  type ICertificate,
} from "aws-cdk-lib/aws-certificatemanager";
import type { FargateService } from "aws-cdk-lib/aws-ecs";
import {
  NetworkLoadBalancer,
  NetworkTargetGroup,
  Protocol,
  SslPolicy,
} from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { ARecord, RecordTarget } from "aws-cdk-lib/aws-route53";
import type { Construct } from "constructs";
import { zoneOf } from "../edge/edge.ts";
import { type Domain, relayHostOf } from "../stages/domain.ts";
import type { RelaySettings } from "../stages/relay.ts";
import type { Network } from "./network.ts";
import { taskPort } from "./task.ts";

type Targets = { network: Network; service: FargateService };

/** CloudWatch's names of the load balancer and its targets. */
export type LoadBalancerNames = { loadBalancer: string; targetGroup: string };

/**
 * Where clients open sockets: TLS under a name of the stage's domain, and plain TCP inside the
 * network. The load balancer ends connections that are silent for 350 s, which tasks prevent.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/network/create-tls-listener.html
 */
export function addLoadBalancer(
  scope: Construct,
  domain: Domain,
  relay: RelaySettings,
  { network: { vpc, ofEntrance }, service }: Targets,
): LoadBalancerNames {
  const balancer = new NetworkLoadBalancer(scope, "entrance", {
    vpc,
    internetFacing: true,
    vpcSubnets: { subnets: vpc.publicSubnets },
    securityGroups: [ofEntrance],
    // Otherwise two zones have half of the viewers each, whatever their number of tasks.
    crossZoneEnabled: true,
  });
  const targets = new NetworkTargetGroup(scope, "targets", {
    vpc,
    port: taskPort,
    protocol: Protocol.TCP,
    targets: [service.loadBalancerTarget({ containerName: "relay", containerPort: taskPort })],
    // Tasks limit sockets by address. It also removes the limit of 55,000 connections per target.
    preserveClientIp: true,
    // New sockets go elsewhere before a task gets SIGTERM and closes its own in waves.
    deregistrationDelay: Duration.seconds(30),
    connectionTermination: false,
    healthCheck: {
      protocol: Protocol.HTTP,
      path: "/",
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 3,
    },
  });
  balancer.addListener("sockets", {
    port: 443,
    protocol: Protocol.TLS,
    sslPolicy: SslPolicy.TLS13_RES,
    certificates: [certificateOf(scope, domain, relay)],
    defaultTargetGroups: [targets],
  });
  const host = relayHostOf(domain);
  if (domain.zone !== undefined)
    new ARecord(scope, "address", {
      zone: zoneOf(scope, domain.zone),
      recordName: `${host}.`,
      target: aliasOf(balancer),
    });
  new CfnOutput(scope, "url", { value: `wss://${host}/ws` });
  // The target of the name's DNS record, for names outside of our hosted zones.
  new CfnOutput(scope, "entrance-name", { value: balancer.loadBalancerDnsName });
  const { loadBalancerFullName: loadBalancer } = balancer;
  return { loadBalancer, targetGroup: targets.targetGroupFullName };
}

/**
 * A network load balancer as the target of a record. CDK's own target is `dualstack.` and its name,
 * which only other kinds of load balancers have (aws/aws-cdk#16987).
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-to-elb-load-balancer.html
 */
function aliasOf(balancer: NetworkLoadBalancer): RecordTarget {
  const { loadBalancerDnsName: dnsName, loadBalancerCanonicalHostedZoneId: hostedZoneId } =
    balancer;
  return RecordTarget.fromAlias({ bind: () => ({ dnsName, hostedZoneId }) });
}

/** The configured certificate, or one that is validated in the domain's zone. */
function certificateOf(
  scope: Construct,
  domain: Domain,
  { certificate }: RelaySettings,
): ICertificate {
  if (certificate !== undefined)
    return Certificate.fromCertificateArn(scope, "certificate", certificate);
  if (domain.zone === undefined) throw new Error("relay: name a certificate, or the domain's zone");
  const validation = CertificateValidation.fromDns(zoneOf(scope, domain.zone, "certificate-zone"));
  return new Certificate(scope, "certificate", { domainName: relayHostOf(domain), validation });
}
