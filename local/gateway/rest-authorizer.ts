import { functionNameOf, type Invoke, type OpenApiOperation, type RestApi } from "../model.ts";
import type { GatewayResponseType } from "./gateway-responses.ts";
import { AuthorizerAnswer, allows, contextOf } from "./rest-policy.ts";
import type { RequestContext, RestRequest } from "./rest-request.ts";
import { eventHeadOf, findHeader } from "./rest-request.ts";

/** The verdict: the context for the function, or the gateway response that refuses. */
type Verdict = {
  refusal?: GatewayResponseType;
  /** Present for a Deny too, for the templates of ACCESS_DENIED. */
  authorizer?: Record<string, string>;
};

type Authorize = (
  operation: OpenApiOperation,
  request: RestRequest,
  context: RequestContext,
  pathParameters: Record<string, string>,
) => Promise<Verdict>;

const cachedMax = 10_000;

/**
 * The check before the operations of one API: their REQUEST authorizers, with a cache of results.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 */
export function createAuthorize(
  api: RestApi,
  region: string,
  invoke: Invoke,
  now: () => number = () => performance.now(),
): Authorize {
  const cache = new Map<string, { answer: AuthorizerAnswer; until: number }>();
  const schemes = api.document.components?.securitySchemes ?? {};

  return async (operation, request, context, pathParameters) => {
    const name = Object.keys(operation.security?.[0] ?? {})[0];
    const authorizer = name && schemes[name]?.["x-amazon-apigateway-authorizer"];
    if (!name) return {};
    if (!authorizer) return { refusal: "API_CONFIGURATION_ERROR" };
    const header = authorizer.identitySource?.split(".").at(-1);
    const identity = header && findHeader(request, header);
    if (header && !identity) return { refusal: "UNAUTHORIZED" };

    const methodArn =
      `arn:aws:execute-api:${region}:${context.accountId}:${api.id}/${api.stageName}` +
      `/${request.method}${request.path}`;
    const seconds = identity ? (authorizer.authorizerResultTtlInSeconds ?? 300) : 0;
    const key = JSON.stringify([name, identity]);
    const kept = cache.get(key);
    if (kept && kept.until > now()) return judge(kept.answer, methodArn);

    const result = await invoke(functionNameOf(authorizer.authorizerUri), {
      type: "REQUEST",
      methodArn,
      ...eventHeadOf(request, context, pathParameters),
    });
    if (!result.ok) {
      const isRefusal = result.error.errorMessage === "Unauthorized";
      // The type that AWS uses, although it documents AUTHORIZER_FAILURE (aws/chalice#670).
      return { refusal: isRefusal ? "UNAUTHORIZED" : "AUTHORIZER_CONFIGURATION_ERROR" };
    }
    const checked = AuthorizerAnswer.safeParse(result.payload);
    if (!checked.success) return { refusal: "AUTHORIZER_CONFIGURATION_ERROR" };
    if (seconds > 0) {
      const oldest = cache.keys().next().value;
      if (cache.size >= cachedMax && oldest !== undefined) cache.delete(oldest);
      cache.set(key, { answer: checked.data, until: now() + seconds * 1000 });
    }
    return judge(checked.data, methodArn);
  };
}

function judge(answer: AuthorizerAnswer, methodArn: string): Verdict {
  const authorizer = contextOf(answer);
  return allows(answer, methodArn) ? { authorizer } : { authorizer, refusal: "ACCESS_DENIED" };
}
