import { exposedHeaders } from "../../platform/http/cors.ts";
import { failure, outerCodes } from "../../platform/http/envelope.ts";

/** A response that the gateway generates, in the spelling of an OpenAPI extension. */
export type GatewayResponse = {
  statusCode: number;
  responseParameters: Record<string, string>;
  responseTemplates: Record<string, string>;
};

/**
 * The status of each type of gateway response. Retryable failures are 503: a timeout, a function
 * that is throttled or has crashed, an authorizer that failed. One that throws has
 * the type AUTHORIZER_CONFIGURATION_ERROR, although AWS documents AUTHORIZER_FAILURE for it
 * (serverless/examples#305, aws/chalice#670).
 */
const statuses = {
  ACCESS_DENIED: 401,
  API_CONFIGURATION_ERROR: 500,
  AUTHORIZER_CONFIGURATION_ERROR: 503,
  AUTHORIZER_FAILURE: 503,
  BAD_REQUEST_BODY: 400,
  BAD_REQUEST_PARAMETERS: 400,
  DEFAULT_4XX: 400,
  DEFAULT_5XX: 500,
  EXPIRED_TOKEN: 401,
  INTEGRATION_FAILURE: 503,
  INTEGRATION_TIMEOUT: 503,
  INVALID_API_KEY: 403,
  INVALID_SIGNATURE: 401,
  MISSING_AUTHENTICATION_TOKEN: 404,
  QUOTA_EXCEEDED: 429,
  REQUEST_TOO_LARGE: 413,
  RESOURCE_NOT_FOUND: 404,
  THROTTLED: 429,
  UNAUTHORIZED: 401,
  UNSUPPORTED_MEDIA_TYPE: 415,
  WAF_FILTERED: 403,
} as const;

const retryLater: readonly number[] = [429, 503];

/**
 * Our envelope for each failure that the gateway generates before any function runs. The texts are
 * static, since `$context.error.message` may quote the request. The gateway cannot generate an ISO
 * time, so `timestamp` is its request time, except for a denial, where the authorizer sets it.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */
export function gatewayResponses(): Record<string, GatewayResponse> {
  const responses: Record<string, GatewayResponse> = {};
  for (const [type, statusCode] of Object.entries(statuses)) {
    const time =
      type === "ACCESS_DENIED" ? "$context.authorizer.timestamp" : "$context.requestTime";
    const code = outerCodes[statusCode];
    const envelope = failure(statusCode, code, time);
    responses[type] = {
      statusCode,
      responseParameters: headersOf(statusCode, code),
      responseTemplates: { "application/json": JSON.stringify(envelope) },
    };
  }
  return responses;
}

/** Headers as mapping expressions: static values need single quotes. */
function headersOf(statusCode: number, code: string): Record<string, string> {
  const headers: Record<string, string> = {
    "Access-Control-Allow-Origin": "'*'",
    "Access-Control-Expose-Headers": `'${exposedHeaders}'`,
    "Cache-Control": "'no-store'",
    "X-Content-Type-Options": "'nosniff'",
    "X-Request-Id": "context.requestId",
    "X-Error-Code": `'${code}'`,
  };
  // The gateway would rename this header in a function's own 401, so only its own responses have
  // it.
  if (statusCode === 401) headers["WWW-Authenticate"] = "'Bearer'";
  if (retryLater.includes(statusCode)) headers["Retry-After"] = "'1'";
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [`gatewayresponse.header.${name}`, value]),
  );
}
