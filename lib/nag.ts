import { type App, type PolicyValidationPluginReport, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { IConstruct } from "constructs";

/**
 * Accepted findings of the rules, each with its reason. Any other finding fails the synthesis.
 */
export const accepted: readonly { finding: RegExp; at?: RegExp; reason: string }[] = [
  {
    finding: /^AwsSolutions-APIG4$/,
    at: /^ovation-\w+-realtime\/[\w-]+-route$/,
    reason:
      "A WebSocket API can authorize $connect alone; its messages come over what that opened.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:function:ovation-\w+-\*\]$/,
    reason: "The gateway's role may call the functions of its stage, whose names all begin so.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*\/@connections\/\*\]$/,
    reason: "A connection's id is not known before it connects; the ARN is bound to API and stage.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*ExportsOutputFnGetAttfailures[^/]*\/\*\]$/,
    reason: "Lambda names the objects of failed batches itself; the bucket holds nothing else.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*ExportsOutputFnGetAttpictures[^/]*\/\*\]$/,
    reason: "A picture's id is not known before it is stored; the bucket holds nothing else.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:logs:.*:log-group:\*\]$/,
    reason:
      "The account's role of API Gateway writes the logs of every API, as AWS's own policy does.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /\/(backup-role|canary-role|role)\/Resource$/,
    reason:
      "Alarms are looked up without a name; copies out of vaults, quotas and the account's settings have no resource.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:recovery-point:\*\]$/,
    at: /\/backup-role\/Resource$/,
    reason: "A backup's id is not known before it is made; the role writes its tags alone.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:table\/ovation-\w+-\*\]$/,
    at: /\/restore-role\/Resource$/,
    reason: "A table that is restored has a name of its own, which begins with the stage's.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:stack\/CDKToolkit\/\*\]$/,
    at: /^ovation-\w+-delivery\/role\/Resource$/,
    reason:
      "CloudFormation ends a stack's name with an id of its own; it is the bootstrap's alone.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:stack\/ovation-\w+-\*\/\*\]$/,
    at: /^ovation-\w+-delivery\/role\/Resource$/,
    reason: "CloudFormation ends a stack's name with an id of its own; these are the stage's own.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:s3:::ovation-\w+-host-\*\/\*\]$/,
    at: /^ovation-\w+-delivery\/role\/Resource$/,
    reason:
      "CloudFormation ends a bucket's name by itself; the stack has the one of the pages alone.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:table\/ovation-\w+(-\*)?\/backup\/\*\]$/,
    reason: "A backup's number is not known before it is made; the tables are the stage's own.",
  },
  {
    finding: /^AwsSolutions-ECS2$/,
    at: /^ovation-\w+-relay\/task\/Resource$/,
    reason: "A task has the settings that functions have in their environment; none is a secret.",
  },
  {
    finding: /^AwsSolutions-ECS4$/,
    at: /^ovation-\w+-relay\/cluster\/Resource$/,
    reason: "Insights cost by task; CPU, sockets and healthy tasks are measured without them.",
  },
  {
    finding: /^AwsSolutions-EC23$/,
    at: /^ovation-\w+-relay\/entrance-group\/Resource$/,
    reason: "Viewers are everywhere: a load balancer's one open port is that of TLS.",
  },
  {
    finding: /^AwsSolutions-VPC7$/,
    at: /^ovation-\w+-relay\/network\/Resource$/,
    reason:
      "The network has nothing but tasks that viewers reach by one port; sockets are counted.",
  },
  {
    finding: /^AwsSolutions-ELB2$/,
    at: /^ovation-\w+-relay\/entrance\/Resource$/,
    reason: "It logs TLS handshakes alone, of which a hundred thousand viewers make millions.",
  },
  {
    finding: /^AwsSolutions-APIG2$/,
    reason:
      "The functions validate each request against their contract and answer in our envelope.",
  },
  {
    finding: /^AwsSolutions-APIG3$/,
    reason:
      "dev has no firewall; Tencent's callers are few back ends, which a rate by address stops.",
  },
  {
    finding: /^AwsSolutions-APIG6$/,
    reason:
      "Execution logs hold headers and bodies, so tokens; access logs and functions' logs do not.",
  },
  {
    finding: /^AwsSolutions-S1$/,
    reason:
      "Only Lambda writes failed batches, and an operator reads them; a function reads pictures, everybody pages.",
  },
  {
    finding: /^AwsSolutions-CFR1$/,
    at: /-host\/distribution\/Resource$/,
    reason: "Viewers are everywhere: who may not be served is the operator's to say.",
  },
  {
    finding: /^AwsSolutions-CFR2$/,
    at: /^ovation-dev-host\/distribution\/Resource$/,
    reason:
      "dev has no firewall, before its APIs neither, since it is nobody's but its developers'.",
  },
  {
    finding: /^AwsSolutions-CFR3$/,
    at: /-host\/distribution\/Resource$/,
    reason:
      "CloudFront's logs hold queries, so the tokens of handshakes; the APIs' access logs do not.",
  },
  {
    finding: /^AwsSolutions-SMG4$/,
    reason:
      "The key is shared with the back ends that sign with it: a person changes it with them.",
  },
  {
    finding: /^AwsSolutions-COG2$/,
    reason: "Viewers choose whether to use a second factor; a role takes effect only with it.",
  },
  {
    finding: /^AwsSolutions-COG8$/,
    reason:
      "The plus plan's price a user is above what a viewer brings in; -c issuer= takes any other.",
  },
];

/** Whether a rule's finding at a construct's path is accepted. */
export const isAccepted = (rule: string, path: string) =>
  accepted.some(({ finding, at }) => finding.test(rule) && (at?.test(path) ?? true));

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
