import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import { CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";

/**
 * The header by which CloudFront shows an API that it asks; what a viewer sends in it is replaced.
 * Names that begin with `x-edge-` are its own.
 */
export const edgeKeyHeader = "x-origin-key";

/**
 * Keeps everybody from REST APIs who does not come by the stage's domain: on the names that API
 * Gateway gives them no firewall would count addresses, since behind CloudFront these are its own.
 * To switch those names off would only put others in their place, which are as public.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
 */
export function placeLock(
  scope: Construct,
  name: string,
  key: string,
  apis: Readonly<Record<string, SpecRestApi>>,
): void {
  const measured = (metricName: string) => ({
    cloudWatchMetricsEnabled: true,
    metricName,
    sampledRequestsEnabled: false,
  });
  const acl = new CfnWebACL(scope, "lock", {
    name,
    scope: "REGIONAL",
    // The gateway answers a refusal in the form of its API (lib/gateway-responses.ts).
    defaultAction: { block: {} },
    visibilityConfig: measured(name),
    rules: [
      {
        name: "edge-key",
        priority: 0,
        action: { allow: {} },
        statement: {
          byteMatchStatement: {
            searchString: key,
            fieldToMatch: { singleHeader: { Name: edgeKeyHeader } },
            positionalConstraint: "EXACTLY",
            textTransformations: [{ priority: 0, type: "NONE" }],
          },
        },
        visibilityConfig: measured("edge-key"),
      },
    ],
  });
  for (const [id, api] of Object.entries(apis))
    new CfnWebACLAssociation(scope, `lock-${id}`, {
      resourceArn: api.deploymentStage.stageArn,
      webAclArn: acl.attrArn,
    });
}
