import { Duration } from "aws-cdk-lib";
import {
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
} from "aws-cdk-lib/aws-cloudfront";
import type { Construct } from "constructs";
import { type Contract, methodAndPath } from "../../platform/http/contract.ts";
import { rowsOf } from "../stages/route-table.ts";
import type { Stage } from "../stages/stages.ts";

/** The longest cache lifetime of any response: that of the API descriptions. */
const listsMaxSeconds = 300;

/** A picture disappears within seconds of its stream, whatever browsers have cached. */
const picturesMaxSeconds = 5;

/**
 * How an API's responses are cached: for as long as they say, and not at all if they say nothing.
 * The cache key includes the token and, since the response depends on the calling page, the origin.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
 */
export function cachePolicies(scope: Construct, stage: Stage) {
  const remembering = (name: string, maxSeconds: number, query: CacheQueryStringBehavior) =>
    new CachePolicy(scope, `${name}-cache`, {
      cachePolicyName: `ovation-${stage.name}-${name}`,
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.seconds(maxSeconds),
      headerBehavior: CacheHeaderBehavior.allowList("Authorization", "Origin"),
      queryStringBehavior: query,
      enableAcceptEncodingGzip: true,
    });
  const known = [...new Set(cached(stage).flatMap((one) => Object.keys(one.query?.shape ?? {})))];
  return {
    // Only parameters of the route, so that `?n=1` and `?n=2` are one response.
    lists: remembering("lists", listsMaxSeconds, CacheQueryStringBehavior.allowList(...known)),
    pictures: remembering("pictures", picturesMaxSeconds, CacheQueryStringBehavior.none()),
  };
}

/** The contracts with cacheable responses. */
const cached = (stage: Stage): Contract[] =>
  rowsOf("endpoint").flatMap(({ contract }) =>
    contract.cacheControl !== undefined && (contract.stage === undefined || stage[contract.stage])
      ? [contract]
      : [],
  );

/** The paths with cacheable responses, according to their contracts. */
export function cachedPaths(stage: Stage): string[] {
  return cached(stage).map((contract) => {
    const [method, path] = methodAndPath(contract);
    if (method !== "GET") throw new Error(`${contract.route}: only a GET can be cached`);
    return path.replace(/\{\w+\}/g, "*");
  });
}
