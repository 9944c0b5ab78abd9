import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from "aws-lambda";
import type { Grants, Resources } from "../lambda/grants.ts";
import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { logFault, named } from "../runtime/log.ts";
import { countMetric, withMetrics } from "../runtime/metrics.ts";
import { type Caller, contextOf } from "./caller.ts";

/** The contract of one authorizer: whose callers it tells apart. */
export type AuthorizerContract = {
  kind: "authorizer";
  summary: string;
  /** `http` answers for the REST API, `socket` for the WebSocket API's `$connect`. */
  api: "http" | "socket";
  grants: Grants;
} & Resources;

/** As much of what API Gateway says of a request as is looked at. */
export type AuthorizerEvent = Pick<
  APIGatewayRequestAuthorizerEvent,
  "headers" | "multiValueHeaders" | "queryStringParameters" | "methodArn"
> & { requestContext?: { requestId?: string } };

/**
 * Who it is; `anonymous` where the API has optional routes; undefined when the token is bad; and
 * `foreign` for a page that may not connect for any user, which is the WebSocket API's 403.
 */
type Verdict = Caller | "anonymous" | "foreign" | undefined;

/**
 * A Lambda authorizer (REQUEST). Only a token that was judged bad is refused: the HTTP API's
 * authorizer does so with a Deny that carries the time, so that the gateway response can answer
 * with our envelope; the WebSocket API's must throw exactly `Unauthorized`, because there a Deny is
 * a 403. API Gateway keeps an answer for minutes, a Deny as well as an Allow, so a fault (the
 * issuer's keys or the table cannot be had) is never answered: it throws, which is not kept. The
 * gateway response says 503 then; the WebSocket API, which has none, 500. Nobody gets in either
 * way.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 */
export function authorizer<const C extends Omit<AuthorizerContract, "kind">>(
  declaration: C,
  identify: (event: AuthorizerEvent, now: Date) => Promise<Verdict>,
) {
  const contract = { kind: "authorizer", ...declaration } as C & { kind: "authorizer" };
  named(identify, `authorizer ${contract.api}`);

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
 * Every method of the stage: the answer is cached for the token, whatever it calls next.
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
