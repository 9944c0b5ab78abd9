import {
  type CommandContract,
  otherReason,
  type ReceiverContract,
} from "../../platform/tencent/contract.ts";
import { catchAll, type Row } from "../stages/route-table.ts";
import {
  anyMethod,
  documentOf,
  integration,
  type OpenGateway,
  type PathItem,
} from "./gateway-document.ts";
import { type GatewayResponse, gatewayResponses } from "./gateway-responses.ts";

/** The path of a command below the API's stage. */
export const pathOf = ({ command }: CommandContract) => `/${command}`;

/**
 * The body of the Tencent API for API Gateway (OpenAPI 3.0.1): a POST for each command; everything
 * else goes to the command that handles unknown ones. The functions verify UserSig.
 */
export function tencentDocument(
  commands: readonly Row<CommandContract>[],
  unknown: string,
  gateway: OpenGateway,
) {
  const paths: Record<string, PathItem> = { "/": {}, [catchAll]: {} };
  for (const { name, contract } of commands)
    paths[pathOf(contract)] = { post: integration(name, gateway) };
  return documentOf(gateway, paths, unknown, tencentGatewayResponses(failures));
}

/** Tencent waits two seconds for a callback; without a response it blocks the gift as well. */
const callbackMilliseconds = 1_900;

/**
 * The body of the API for callbacks from Tencent: its one path accepts any method, and responds
 * with HTTP 200 in Tencent's form; other paths do not exist.
 */
export function callbackDocument({ name, contract }: Row<ReceiverContract>, gateway: OpenGateway) {
  const { MISSING_AUTHENTICATION_TOKEN } = gatewayResponses();
  const any = integration(name, gateway, callbackMilliseconds);
  return documentOf(gateway, { [contract.path]: { [anyMethod]: any } }, name, {
    ...tencentGatewayResponses(callbackFailures),
    ...(MISSING_AUTHENTICATION_TOKEN && { MISSING_AUTHENTICATION_TOKEN }),
  });
}

type Failures = Record<string, [code: number, says: string]>;

/** Tencent's code and sentence for each failure that the gateway generates (reference 2.7). */
const failures: Failures = {
  API_CONFIGURATION_ERROR: [100001, "Internal server error, try again"],
  BAD_REQUEST_BODY: [60003, "The body is not JSON"],
  BAD_REQUEST_PARAMETERS: [100002, "A parameter of the URL is wrong"],
  DEFAULT_4XX: [60002, "The HTTP request cannot be read"],
  DEFAULT_5XX: [100001, "Internal server error, try again"],
  INTEGRATION_FAILURE: [100001, "Internal server error, try again"],
  INTEGRATION_TIMEOUT: [60008, "Service timed out, try again"],
  MISSING_AUTHENTICATION_TOKEN: [60009, "There is no such command"],
  QUOTA_EXCEEDED: [60007, "Too many calls a second, try again later"],
  REQUEST_TOO_LARGE: [60002, "Request body too large"],
  RESOURCE_NOT_FOUND: [60009, "There is no such command"],
  THROTTLED: [60007, "Too many calls a second, try again later"],
  UNSUPPORTED_MEDIA_TYPE: [60003, "The body is not JSON"],
  WAF_FILTERED: [60002, "The request was refused by the firewall"],
};

/** The message if a callback's function did not respond, although it may have done its work. */
const unanswered = "No answer: the gift may have been charged";
const mayBeDone = ["DEFAULT_5XX", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"];

/** The failures that the gateway generates for callbacks, all with the code `otherReason`. */
const callbackFailures: Failures = Object.fromEntries(
  Object.entries(failures).map(([type, [, says]]) => [
    type,
    [otherReason, mayBeDone.includes(type) ? unanswered : says],
  ]),
);

/** Always HTTP 200, with the outcome in the body, as Tencent's own clients expect. */
function tencentGatewayResponses(of: Failures): Record<string, GatewayResponse> {
  const responses: Record<string, GatewayResponse> = {};
  for (const [type, [ErrorCode, ErrorInfo]] of Object.entries(of)) {
    const body = { ActionStatus: "FAIL", ErrorInfo, ErrorCode };
    responses[type] = {
      statusCode: 200,
      responseParameters: {
        "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
        "gatewayresponse.header.Cache-Control": "'no-store'",
        "gatewayresponse.header.X-Content-Type-Options": "'nosniff'",
        "gatewayresponse.header.X-Request-Id": "context.requestId",
      },
      responseTemplates: { "application/json": JSON.stringify(body) },
    };
  }
  return responses;
}
