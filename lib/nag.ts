import { type App, type PolicyValidationPluginReport, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { IConstruct } from "constructs";

/**
 * Accepted findings of the rules, each with its reason. Any other finding fails the synthesis.
 */
export const acceptedFindings: readonly { finding: RegExp; at?: RegExp; reason: string }[] = [
  {
    finding: /^AwsSolutions-APIG4$/,
    at: /^ovation-\w+-realtime\/[\w-]+-route$/,
    reason:
      "A WebSocket API can authorize only $connect; messages use connections that it authorized.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:function:ovation-\w+-\*\]$/,
    reason: "The gateway's role may call all functions of its stage, whose names have this prefix.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*\/@connections\/\*\]$/,
    reason: "A connection's id is unknown in advance; the ARN is limited to the API and its stage.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*ExportsOutputFnGetAttfailures[^/]*\/\*\]$/,
    reason: "Lambda chooses the names of failed batches; the bucket contains nothing else.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*ExportsOutputFnGetAttpictures[^/]*\/\*\]$/,
    reason: "A picture's id is unknown in advance; the bucket contains nothing else.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:logs:.*:log-group:\*\]$/,
    reason:
      "API Gateway's role writes the logs of all APIs of the account, like AWS's managed policy.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /\/(backup-role|canary-role|role)\/Resource$/,
    reason:
      "These actions support no resource: listing alarms, copying from vaults, reading quotas and account settings.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:recovery-point:\*\]$/,
    at: /\/backup-role\/Resource$/,
    reason: "A backup's id is unknown in advance; the role may only tag it.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:table\/ovation-\w+-\*\]$/,
    at: /\/restore-role\/Resource$|^ovation-\w+-delivery\/role\/Resource$/,
    reason: "A restored table has a new name, which begins with the stage's prefix.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:stack\/CDKToolkit\/\*\]$/,
    at: /^ovation-\w+-delivery\/role\/Resource$/,
    reason: "CloudFormation appends an id to a stack's name; only the bootstrap's stack matches.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:stack\/ovation-\w+-\*\/\*\]$/,
    at: /^ovation-\w+-delivery\/role\/Resource$/,
    reason: "CloudFormation appends an id to a stack's name; only the stage's own stacks match.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:s3:::ovation-\w+-host-\*\/\*\]$/,
    at: /^ovation-\w+-delivery\/role\/Resource$/,
    reason: "CloudFormation completes a bucket's name; the pages' bucket is the stack's only one.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:table\/ovation-\w+(-\*)?\/backup\/\*\]$/,
    reason: "A backup's id is unknown in advance; the tables are the stage's own.",
  },
  {
    finding: /^AwsSolutions-ECS2$/,
    at: /^ovation-\w+-relay\/task\/Resource$/,
    reason: "A task has the same settings in its environment as the functions; none is a secret.",
  },
  {
    finding: /^AwsSolutions-ECS4$/,
    at: /^ovation-\w+-relay\/cluster\/Resource$/,
    reason:
      "Container Insights cost per task; CPU, sockets and healthy tasks are measured without them.",
  },
  {
    finding: /^AwsSolutions-EC23$/,
    at: /^ovation-\w+-relay\/entrance-group\/Resource$/,
    reason: "Viewers may be anywhere; the load balancer's only open port is that of TLS.",
  },
  {
    finding: /^AwsSolutions-VPC7$/,
    at: /^ovation-\w+-relay\/network\/Resource$/,
    reason:
      "The network contains only tasks, which viewers reach by one port; sockets are counted.",
  },
  {
    finding: /^AwsSolutions-ELB2$/,
    at: /^ovation-\w+-relay\/entrance\/Resource$/,
    reason: "It logs only TLS handshakes, millions of them with a hundred thousand viewers.",
  },
  {
    finding: /^AwsSolutions-APIG2$/,
    reason:
      "The functions validate each request against their contract and answer in our envelope.",
  },
  {
    finding: /^AwsSolutions-APIG3$/,
    reason: "Operators decide whether a stage has a firewall: dev has none.",
  },
  {
    finding: /^AwsSolutions-APIG6$/,
    reason:
      "Execution logs contain headers and bodies, and so tokens; access and function logs do not.",
  },
  {
    finding: /^AwsSolutions-S1$/,
    reason:
      "Lambda writes failed batches, and an operator reads them; functions read pictures; pages are public.",
  },
  {
    finding: /^AwsSolutions-CFR1$/,
    at: /-host\/distribution\/Resource$/,
    reason: "Viewers may be anywhere; operators decide which countries to block.",
  },
  {
    finding: /^AwsSolutions-CFR2$/,
    at: /-host\/distribution\/Resource$/,
    reason:
      "Operators decide whether a stage has a firewall, in front of its domain as of its APIs.",
  },
  {
    finding: /^AwsSolutions-CFR3$/,
    at: /-host\/distribution\/Resource$/,
    reason:
      "CloudFront's logs contain queries, and so tokens of handshakes; the APIs' access logs do not.",
  },
  {
    finding: /^AwsSolutions-SMG4$/,
    reason: "Back ends sign with the same key, so it must be changed manually, together with them.",
  },
  {
    finding: /^AwsSolutions-COG2$/,
    reason: "Viewers may choose not to use a second factor; roles take effect only with one.",
  },
  {
    finding: /^AwsSolutions-COG8$/,
    reason:
      "The Plus plan costs more per user than a viewer brings in; a stage may use another issuer.",
  },
];

/** Whether a rule's finding at a construct's path is accepted. */
export const isAccepted = (rule: string, path: string) =>
  acceptedFindings.some(({ finding, at }) => finding.test(rule) && (at?.test(path) ?? true));

/** AWS's rules for solutions, without the accepted findings. */
class Solutions extends AwsSolutionsChecks {
  override validateScope(scope: IConstruct): PolicyValidationPluginReport {
    const violations = super.validateScope(scope).violations.flatMap((violation) => {
      const violatingResources = violation.violatingResources.filter(
        ({ constructPath = "" }) => !isAccepted(violation.ruleName, constructPath),
      );
      return violatingResources.length === 0 ? [] : [{ ...violation, violatingResources }];
    });
    return { success: violations.length === 0, violations };
  }
}

/** Checks all templates at synthesis: an error or a warning that is not accepted fails it. */
export function checkSolutions(app: App): void {
  Validations.of(app).addPlugins(new Solutions(app));
}
