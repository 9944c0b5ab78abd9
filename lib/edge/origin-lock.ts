import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import type { CfnWebACL } from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";
import { demandedKeyOf } from "../data/data.ts";
import type { Stage } from "../stages/stages.ts";
import { addFirewall, addRegionalFirewall, rulesOfOldNames } from "./firewall.ts";
import { withMetric } from "./firewall-rules.ts";

/**
 * The header by which CloudFront authenticates itself to an API; CloudFront replaces a viewer's
 * value. Names that start with `x-edge-` are reserved by CloudFront.
 */
export const originKeyHeader = "x-origin-key";

/**
 * Blocks requests to REST APIs that do not come through the stage's domain: only the firewall in
 * front of CloudFront sees the callers' addresses. API Gateway's own host names cannot be disabled
 * without others that are as public. While a stage keeps those names, the rules `others` check
 * requests without the key.
 *
 * It has the same construct ids as the firewall of a stage without a domain: with others, a
 * deployment that adds or removes a domain would delete the API's firewall only at the very end.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
 */
function addOriginLock(
  scope: Construct,
  name: string,
  key: string,
  apis: readonly SpecRestApi[],
  others: readonly CfnWebACL.RuleProperty[] = [],
): void {
  const hasKey: CfnWebACL.RuleProperty = {
    name: "origin-key",
    priority: 0,
    action: { allow: {} },
    statement: {
      byteMatchStatement: {
        searchString: key,
        fieldToMatch: { singleHeader: { Name: originKeyHeader } },
        positionalConstraint: "EXACTLY",
        textTransformations: [{ priority: 0, type: "NONE" }],
      },
    },
    ...withMetric("origin-key"),
  };
  const rules = [hasKey, ...others.map((rule) => ({ ...rule, priority: rule.priority + 1 }))];
  // The gateway returns a refusal in the form of its API (lib/api/gateway-responses.ts).
  const defaultAction = others.length > 0 ? { allow: {} } : { block: {} };
  const arns = apis.map((api) => api.deploymentStage.stageArn);
  addRegionalFirewall(scope, name, arns, rules, defaultAction);
}

/**
 * Protects a stage's REST APIs: with a firewall in front of the domain, only CloudFront may call
 * them; without a domain they have the firewall themselves, by default with all rates.
 */
export function protectApis(
  scope: Construct,
  stage: Stage,
  name: string,
  apis: readonly SpecRestApi[],
  rates?: CfnWebACL.RuleProperty[],
): void {
  const key = demandedKeyOf(stage);
  if (key) addOriginLock(scope, name, key, apis, rulesOfOldNames(stage));
  else if (stage.firewall) addFirewall(scope, name, apis, rates);
}
