import { Duration } from "aws-cdk-lib";
import {
  type HeadersReferrerPolicy,
  ResponseHeadersPolicy,
  type ResponseSecurityHeadersBehavior,
} from "aws-cdk-lib/aws-cloudfront";
import type { Construct } from "constructs";
import { objectHeaders } from "../stages/page-headers.ts";

/** After one TLS visit, browsers use only TLS for this host for this long. */
const httpsOnly = {
  accessControlMaxAge: Duration.days(365),
  includeSubdomains: false,
  override: true,
};

/**
 * Headers that CloudFront adds to the files of one kind. It has separate settings for security and
 * CORS headers, and accepts these nowhere else.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
 */
export function headersPolicy(
  scope: Construct,
  kind: string,
  headers: Readonly<Record<string, string>>,
): ResponseHeadersPolicy {
  const own = Object.entries(headers).filter(
    ([name]) => !objectHeaders.includes(name) && !(name in securityHeaders) && name !== allowOrigin,
  );
  const security: ResponseSecurityHeadersBehavior[] = Object.entries(headers).map(
    ([name, value]) => securityHeaders[name]?.(value) ?? {},
  );
  const origin = headers[allowOrigin];
  return new ResponseHeadersPolicy(scope, `${kind}-headers`, {
    responseHeadersPolicyName: `${scope.node.id}-${kind}`,
    securityHeadersBehavior: Object.assign({ strictTransportSecurity: httpsOnly }, ...security),
    customHeadersBehavior: {
      customHeaders: own.map(([header, value]) => ({ header, value, override: true })),
    },
    ...(origin !== undefined && {
      corsBehavior: {
        accessControlAllowOrigins: [origin],
        accessControlAllowHeaders: ["*"],
        accessControlAllowMethods: ["GET", "HEAD"],
        accessControlAllowCredentials: false,
        originOverride: true,
      },
    }),
  });
}

const allowOrigin = "access-control-allow-origin";

/** The setting of each security header of pages. */
const securityHeaders: Record<string, (value: string) => ResponseSecurityHeadersBehavior> = {
  "x-content-type-options": () => ({ contentTypeOptions: { override: true } }),
  "referrer-policy": (value) => ({
    referrerPolicy: { referrerPolicy: value as HeadersReferrerPolicy, override: true },
  }),
  "content-security-policy": (contentSecurityPolicy) => ({
    contentSecurityPolicy: { contentSecurityPolicy, override: true },
  }),
};
