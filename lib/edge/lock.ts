import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import type { CfnWebACL } from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";
import { measured, placeRegional } from "./firewall.ts";

/**
 * The header by which CloudFront shows an API that it asks; what a viewer sends in it is replaced.
 * Names that begin with `x-edge-` are its own.
 */
export const originKeyHeader = "x-origin-key";

/**
 * Keeps everybody from REST APIs who does not come by the stage's domain: on the names that API
 * Gateway gives them no firewall would count addresses, since behind CloudFront these are its own.
 * To switch those names off would only put others in their place, which are as public. While a
 * stage keeps them, requests without the key are checked by `others`.
 *
 * It has the ids of the firewall that a stage without a domain has there: with others, a deployment
 * that changes from one to the other would take the API's firewall away last of all.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
 */
export function placeLock(
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
    ...measured("origin-key"),
  };
  const rules = [hasKey, ...others.map((rule) => ({ ...rule, priority: rule.priority + 1 }))];
  // The gateway answers a refusal in the form of its API (lib/api/gateway-responses.ts).
  const defaultAction = others.length > 0 ? { allow: {} } : { block: {} };
  const arns = apis.map((api) => api.deploymentStage.stageArn);
  placeRegional(scope, name, arns, rules, defaultAction);
}
