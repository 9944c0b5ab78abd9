import type { GatewayResponse, RestApi } from "../model.ts";
import type { RequestContext, RestAnswer, RestRequest } from "./rest-request.ts";
import { findHeader } from "./rest-request.ts";

/**
 * Status, sentence and x-amzn-ErrorType of each type that occurs here, unless the API overrides it.
 */
const types = {
  ACCESS_DENIED: [403, "User is not authorized to access this resource", "AccessDeniedException"],
  API_CONFIGURATION_ERROR: [500, "Internal server error", "InternalServerErrorException"],
  AUTHORIZER_CONFIGURATION_ERROR: [500, null, "AuthorizerConfigurationException"],
  INTEGRATION_FAILURE: [502, "Internal server error", "InternalServerErrorException"],
  INTEGRATION_TIMEOUT: [504, "Endpoint request timed out", "InternalServerErrorException"],
  MISSING_AUTHENTICATION_TOKEN: [
    403,
    "Missing Authentication Token",
    "MissingAuthenticationTokenException",
  ],
  REQUEST_TOO_LARGE: [413, "Request Too Long", "RequestTooLargeException"],
  THROTTLED: [429, "Too Many Requests", "TooManyRequestsException"],
  UNAUTHORIZED: [401, "Unauthorized", "UnauthorizedException"],
  UNSUPPORTED_MEDIA_TYPE: [415, "Unsupported Media Type", "BadRequestException"],
} as const;

export type GatewayResponseType = keyof typeof types;

/**
 * A response of API Gateway itself, by type: from the API's gateway responses, else from their
 * default, else AWS's own.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */
export function answerFromGateway(
  api: RestApi,
  type: GatewayResponseType,
  request: RestRequest,
  context: RequestContext,
): RestAnswer {
  const [status, message, errorType] = types[type];
  const responses = api.document["x-amazon-apigateway-gateway-responses"] ?? {};
  const response: GatewayResponse =
    responses[type] ?? responses[status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX"] ?? {};
  const error = {
    message,
    messageString: JSON.stringify(message),
    responseType: type,
  };
  const read = (expression: string) => readVariable(expression, request, { ...context, error });
  const [mediaType, template] = Object.entries(response.responseTemplates ?? {})[0] ?? [
    "application/json",
    '{"message":$context.error.messageString}',
  ];
  const headers: [string, string][] = [
    ["Content-Type", mediaType],
    ["x-amzn-ErrorType", errorType],
  ];
  for (const [target, source] of Object.entries(response.responseParameters ?? {})) {
    const name = /^gatewayresponse\.header\.(.+)$/.exec(target)?.[1];
    if (name !== undefined) headers.push([name, readParameter(source, read)]);
  }
  return {
    statusCode: Number(response.statusCode ?? status),
    headers,
    body: Buffer.from(render(template, read)),
    by: type,
    responseType: type,
  };
}

/** A mapping's source: a quoted static value, or an expression without the dollar sign. */
export function readParameter(source: string, read: (expression: string) => string): string {
  return /^'(.*)'$/s.exec(source)?.[1] ?? read(source);
}

/** Gateway responses support only plain variables, no velocity. Unknown ones become empty text. */
function render(template: string, read: (expression: string) => string): string {
  return template.replace(
    /\$((?:context|method|stageVariables)(?:\.[A-Za-z0-9_-]+)+)/g,
    (_all, name) => read(name),
  );
}

/** The value of `context.x.y` or `method.request.header.x`; empty text when it has none. */
export function readVariable(
  expression: string,
  request: RestRequest,
  context: Record<string, unknown>,
): string {
  const [scope, ...names] = expression.split(".");
  if (scope === "method" && names[0] === "request" && names[1] === "header")
    return findHeader(request, names.slice(2).join(".")) ?? "";
  if (scope !== "context") return "";
  let value: unknown = context;
  for (const name of names) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return "";
    value = (value as Record<string, unknown>)[name];
  }
  return value === null || value === undefined ? "" : String(value);
}
