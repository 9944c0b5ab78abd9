import { Annotations, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import {
  AccessLevel,
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HttpVersion,
  type IOrigin,
  OriginRequestPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from "aws-cdk-lib/aws-cloudfront";
import { HttpOrigin, S3BucketOrigin } from "aws-cdk-lib/aws-cloudfront-origins";
import { AaaaRecord, ARecord, RecordTarget } from "aws-cdk-lib/aws-route53";
import { CloudFrontTarget } from "aws-cdk-lib/aws-route53-targets";
import { Bucket, type IBucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { privateBucket } from "../data/data.ts";
import { outputOf } from "../data/outputs.ts";
import { type Domain, originOf, relayUrlOf } from "../stages/domain.ts";
import { connectingTo, homePath, pagePaths } from "../stages/page-headers.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { cachedPaths, cachePolicies } from "./cache-policies.ts";
import { type Edge, zoneOf } from "./edge.ts";
import { originKeyHeader } from "./origin-lock.ts";
import { headersPolicy } from "./response-headers.ts";

/** The origins behind the domain. */
export type Origins = {
  edge: Edge;
  /** API Gateway's ids of the APIs, by name. */
  apis: Record<"http" | "pictures" | "tencent" | "callback" | "sockets", string>;
  /** The secret header value that the APIs require of a stage with a firewall. */
  key: string;
};

/**
 * Statuses of failures that CloudFront would cache for ten seconds, whatever their headers: a
 * viewer who was unbanned, or a system that has recovered, must not wait for that.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
 */
const failures = [400, 403, 404, 405, 414, 500, 501, 502, 503, 504];

/**
 * One host name for everything: pages from a bucket, and the APIs by path prefix. An API Gateway
 * domain cannot do this, since it is either REST or WebSocket.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-custom-domains.html
 */
export class DistributionStack extends Stack {
  /** CloudFront's id of the distribution, in a form that other stacks can read. */
  readonly distributionId: string;
  /** The bucket of the pages, which `npm run deploy` uploads. */
  private readonly pages: Bucket;

  constructor(scope: Construct, id: string, stage: Stage, domain: Domain, behind: Origins) {
    super(scope, id, stackEnvironmentOf(stage));
    this.addStackDependency(behind.edge);
    this.pages = new Bucket(this, "pages", privateBucket(stage));
    const { certificateArn, firewallArn } = behind.edge;
    const distribution = new Distribution(this, "distribution", {
      comment: `ovation-${stage.name}`,
      domainNames: [domain.name],
      certificate: Certificate.fromCertificateArn(this, "certificate", certificateArn),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: HttpVersion.HTTP2_AND_3,
      ...(stage.firewall && { webAclId: firewallArn }),
      errorResponses: failures.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
      ...this.behaviors(stage, behind),
    });
    if (domain.zone !== undefined) {
      const target = RecordTarget.fromAlias(new CloudFrontTarget(distribution));
      const record = { zone: zoneOf(this, domain.zone), recordName: `${domain.name}.`, target };
      new ARecord(this, "address", record);
      new AaaaRecord(this, "address-v6", record);
    }
    new CfnOutput(this, "url", { value: originOf(domain) });
    new CfnOutput(this, "socket-url", { value: `wss://${domain.name}/ws` });
    // The target of the name's DNS record, for names outside of our hosted zones.
    new CfnOutput(this, "distribution-name", { value: distribution.distributionDomainName });
    const value = distribution.distributionId;
    this.distributionId = outputOf(
      this,
      new CfnOutput(this, "distribution-id", { value }),
      this.region,
    );
    new CfnOutput(this, "pages-bucket", { value: this.pages.bucketName });
  }

  /** By path, first match wins; everything else goes to the HTTP API, including 404s. */
  private behaviors(stage: Stage, { apis, key }: Origins) {
    const api = (id: string, originPath?: string) =>
      new HttpOrigin(`${id}.execute-api.${this.region}.${this.urlSuffix}`, {
        ...(originPath && { originPath }),
        customHeaders: { [originKeyHeader]: key },
      });
    const cache = cachePolicies(this, stage);
    const http = api(apis.http, `/${stage.name}`);
    const cached = Object.fromEntries(
      cachedPaths(stage).map((path) => [path, called(http, cache.lists)]),
    );
    const ofPages = this.behaviorsOfPages(stage.relay && new URL(relayUrlOf(stage)).origin);
    return {
      defaultBehavior: called(http),
      additionalBehaviors: {
        "/": { ...ofPages.page!, functionAssociations: [this.redirectToConsole(stage)] },
        ...Object.fromEntries(
          Object.entries(pagePaths).flatMap(([kind, { paths }]) =>
            paths.map((path) => [path, ofPages[kind]!]),
          ),
        ),
        "/pictures/*": called(api(apis.pictures), cache.pictures),
        "/ws": called(api(apis.sockets)),
        "/v4/*": called(api(apis.tencent)),
        "/tencent/*": called(api(apis.callback)),
        ...cached,
      },
    };
  }

  /** Files of the pages by type, each with its headers. */
  private behaviorsOfPages(relay: string | undefined): Record<string, BehaviorOptions> {
    // CloudFront may list the bucket, otherwise a missing file would be 403. No viewer can request
    // a listing, which is the bucket's `/`: the host's `/` is answered without the bucket.
    Annotations.of(this).acknowledgeWarning(
      "@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk",
      "The function of `/` answers by itself",
    );
    const origin = S3BucketOrigin.withOriginAccessControl(this.pages as IBucket, {
      originAccessLevels: [AccessLevel.READ, AccessLevel.LIST],
    });
    const behaviors = Object.entries(pagePaths).map(([kind, { headers }]) => [
      kind,
      {
        origin,
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
        responseHeadersPolicy: headersPolicy(this, kind, connectingTo(headers, relay)),
      },
    ]);
    return Object.fromEntries(behaviors);
  }

  /** `/` is the console on every deployed stage: Studio is only for one machine. */
  private redirectToConsole(stage: Stage) {
    const headers = `location: { value: "${homePath}" }, "cache-control": { value: "no-store" }`;
    const answer = `{ statusCode: 302, statusDescription: "Found", headers: { ${headers} } }`;
    return {
      eventType: FunctionEventType.VIEWER_REQUEST,
      function: new EdgeFunction(this, "lead-home", {
        functionName: `ovation-${stage.name}-lead-home`,
        runtime: FunctionRuntime.JS_2_0,
        code: FunctionCode.fromInline(`function handler() { return ${answer}; }`),
      }),
    };
  }
}

/**
 * Requests to an API: every method, with everything that the viewer sent except for the host, which
 * API Gateway uses to select an API. `Authorization` and WebSocket handshakes are included.
 * Requests without TLS are neither forwarded nor redirected: their token may have been read
 * already.
 * https://repost.aws/knowledge-center/cloudfront-authorization-header
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-working-with.websockets.html
 */
const called = (origin: IOrigin, cachePolicy = CachePolicy.CACHING_DISABLED): BehaviorOptions => ({
  origin,
  viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
  allowedMethods: AllowedMethods.ALLOW_ALL,
  cachePolicy,
  originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  // The gateway compresses responses itself.
  compress: false,
});
