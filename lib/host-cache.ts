import { Duration } from "aws-cdk-lib";
import {
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
} from "aws-cdk-lib/aws-cloudfront";
import type { Construct } from "constructs";
import { methodAndPath } from "../platform/http/contract.ts";
import { rowsOf } from "./route-table.ts";
import type { Stage } from "./stages.ts";

/** The longest that any answer may be remembered: what the descriptions say of themselves. */
const listsMaxSeconds = 300;

/** A picture is gone within seconds of its stream, whatever a browser that has it may keep. */
const picturesMaxSeconds = 5;

/**
 * How answers of an API are remembered: for as long as they say, and not at all if they say
 * nothing. Whoever brings a token is answered apart from everybody else, and as the answer depends
 * on the page that asks, each origin is too.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
 */
export function cachePolicies(scope: Construct, stage: Stage) {
  const remembering = (name: string, maxSeconds: number) =>
    new CachePolicy(scope, `${name}-cache`, {
      cachePolicyName: `ovation-${stage.name}-${name}`,
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.seconds(maxSeconds),
      headerBehavior: CacheHeaderBehavior.allowList("Authorization", "Origin"),
      queryStringBehavior: CacheQueryStringBehavior.all(),
      enableAcceptEncodingGzip: true,
    });
  return {
    lists: remembering("lists", listsMaxSeconds),
    pictures: remembering("pictures", picturesMaxSeconds),
  };
}

/** The paths of which some answer may be remembered: those that say so in their contract. */
export function cachedPaths(stage: Stage): string[] {
  const endpoints = rowsOf("endpoint").filter(
    ({ contract }) =>
      contract.cacheControl !== undefined &&
      (contract.stage === undefined || stage[contract.stage]),
  );
  return endpoints.map(({ contract }) => {
    const [method, path] = methodAndPath(contract);
    if (method !== "GET") throw new Error(`${contract.route}: only a GET can be remembered`);
    return path.replace(/\{\w+\}/g, "*");
  });
}
