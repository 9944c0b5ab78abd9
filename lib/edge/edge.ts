import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Certificate, CertificateValidation } from "aws-cdk-lib/aws-certificatemanager";
import { HostedZone, type IHostedZone } from "aws-cdk-lib/aws-route53";
import type { Construct } from "constructs";
import { outputOf } from "../data/outputs.ts";
import { type Domain, edgeRegion } from "../stages/domain.ts";
import type { Stage } from "../stages/stages.ts";
import { addDistributionFirewall } from "./firewall.ts";

/**
 * Resources that CloudFront accepts from only one region, wherever the stage is: the firewall in
 * front of the domain, and the domain's certificate unless one exists already.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
 * https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
 */
export class Edge extends Stack {
  /** ARNs, in a form that stacks of other regions can read. */
  readonly certificateArn: string;
  readonly firewallArn: string;

  constructor(scope: Construct, id: string, stage: Stage, domain: Domain) {
    const { account } = stage;
    super(scope, id, { env: { ...(account && { account }), region: edgeRegion } });
    this.certificateArn = domain.certificate ?? this.certify(domain.name, domain.zone);
    this.firewallArn = this.tell("firewall-arn", addDistributionFirewall(this, stage).attrArn);
  }

  private certify(domainName: string, zone: NonNullable<Domain["zone"]>): string {
    const validation = CertificateValidation.fromDns(zoneOf(this, zone));
    const certificate = new Certificate(this, "certificate", { domainName, validation });
    // The distribution uses it until its own stack is deployed, after this one.
    certificate.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    return this.tell("certificate-arn", certificate.certificateArn);
  }

  private tell(id: string, value: string): string {
    return outputOf(this, new CfnOutput(this, id, { value }), edgeRegion);
  }
}

/** The hosted zone of a domain, without a lookup: synthesis makes no calls. */
export const zoneOf = (
  scope: Construct,
  { id: hostedZoneId, name: zoneName }: NonNullable<Domain["zone"]>,
  id = "zone",
): IHostedZone => HostedZone.fromHostedZoneAttributes(scope, id, { hostedZoneId, zoneName });
