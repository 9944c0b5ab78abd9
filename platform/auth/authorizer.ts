import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from "aws-lambda";
import type { Grants, Resources } from "../lambda/grants.ts";
import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { logFault, withFunctionName } from "../runtime/log.ts";
import { countMetric, withMetrics } from "../runtime/metrics.ts";
import { type Caller, contextOf } from "./caller.ts";

/** The contract of an authorizer. */
export type AuthorizerContract = {
  kind: "authorizer";
  summary: string;
  /** `http` answers for the REST API, `socket` for the WebSocket API's `$connect`. */
  api: "http" | "socket";
  grants: Grants;
} & Resources;

/** The fields of API Gateway's request that are used. */
export type AuthorizerEvent = Pick<
  APIGatewayRequestAuthorizerEvent,
  "headers" | "multiValueHeaders" | "queryStringParameters" | "methodArn"
> & { requestContext?: { requestId?: string } };

/**
 * The caller; `anonymous` if the API has optional routes; undefined for an invalid token; and
 * `foreign` for a page from an origin that may not connect, which gets the WebSocket API's 403.
 */
type Verdict = Caller | "anonymous" | "foreign" | undefined;

/**
 * A Lambda authorizer (REQUEST). Only an invalid token is refused: the HTTP API's authorizer
 * returns a Deny with the time, so that the gateway response can use our envelope; the WebSocket
 * API's must throw exactly `Unauthorized`, because there a Deny becomes a 403. API Gateway caches a
 * Deny as well as an Allow for minutes, so a fault (the issuer's keys or the table are unavailable)
 * throws instead, which is not cached. The gateway response is then 503; the WebSocket API has none
 * and answers 500. In both cases access is denied.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 */
export function authorizer<const C extends Omit<AuthorizerContract, "kind">>(
  declaration: C,
  identify: (event: AuthorizerEvent, now: Date) => Promise<Verdict>,
) {
  const contract = { kind: "authorizer", ...declaration } as C & { kind: "authorizer" };
  withFunctionName(identify, `authorizer ${contract.api}`);

  async function handler(
    event: AuthorizerEvent,
    context?: TimeLeft,
  ): Promise<APIGatewayAuthorizerResult> {
    beginInvocation(context, event.requestContext?.requestId);
    const now = new Date();
    const verdict = await identify(event, now).catch((error: unknown) => {
      countMetric("AuthorizerFaults");
      logFault("An authorizer failed", error);
      throw new Error("The token cannot be judged now");
    });
    const resource = wholeStage(event.methodArn);
    if (verdict === "anonymous") return policy("anonymous", "Allow", resource, { sub: "" });
    if (verdict === "foreign") return policy("unknown", "Deny", resource, {});
    if (verdict !== undefined) return policy(verdict.userId, "Allow", resource, contextOf(verdict));
    if (contract.api === "socket") throw new Error("Unauthorized");
    return policy("unknown", "Deny", resource, { timestamp: now.toISOString() });
  }

  return { contract, handler: withMetrics(handler) };
}

/**
 * Every method of the stage, because the result is cached for the token, whatever it calls next.
 * `arn:aws:execute-api:region:account:api/stage/METHOD/path` becomes `…:api/stage/*`.
 */
const wholeStage = (methodArn: string) => `${methodArn.split("/").slice(0, 2).join("/")}/*`;

function policy(
  principalId: string,
  Effect: "Allow" | "Deny",
  Resource: string,
  context: Record<string, string>,
): APIGatewayAuthorizerResult {
  const Statement = [{ Action: "execute-api:Invoke", Effect, Resource }];
  return { principalId, policyDocument: { Version: "2012-10-17", Statement }, context };
}
