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

/** The longest that any answer may be remembered: what the descriptions say of themselves. */
const listsMaxSeconds = 300;

/** A picture is gone within seconds of its stream, whatever a browser that has it may keep. */
const picturesMaxSeconds = 5;

/**
 * How answers of an API are remembered: for as long as they say, and not at all if they say
 * nothing. The cache key has the token and, since the answer
 * depends on the page that asks, the origin.
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
    // No parameter that a route does not have, so that `?n=1`, `?n=2` are one answer.
    lists: remembering("lists", listsMaxSeconds, CacheQueryStringBehavior.allowList(...known)),
    pictures: remembering("pictures", picturesMaxSeconds, CacheQueryStringBehavior.none()),
  };
}

/** The contracts of which some answer may be remembered. */
const cached = (stage: Stage): Contract[] =>
  rowsOf("endpoint").flatMap(({ contract }) =>
    contract.cacheControl !== undefined && (contract.stage === undefined || stage[contract.stage])
      ? [contract]
      : [],
  );

/** The paths of which some answer may be remembered: those that say so in their contract. */
export function cachedPaths(stage: Stage): string[] {
  return cached(stage).map((contract) => {
    const [method, path] = methodAndPath(contract);
    if (method !== "GET") throw new Error(`${contract.route}: only a GET can be remembered`);
    return path.replace(/\{\w+\}/g, "*");
  });
}
