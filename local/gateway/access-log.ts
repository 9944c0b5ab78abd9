import { readVariable } from "./gateway-responses.ts";
import type { RequestContext, RestAnswer, RestRequest } from "./rest-request.ts";

/**
 * A call's line in its API's access log: the template's format with the call's values. Missing
 * values are `-`. Values are escaped, so that a line of JSON stays valid.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 */
export function accessLineOf(
  format: string,
  request: RestRequest,
  context: RequestContext,
  { statusCode, body, responseType }: RestAnswer,
): string {
  const known = {
    ...context,
    status: statusCode,
    responseLength: body.length,
    responseLatency: Date.now() - context.requestTimeEpoch,
    ...(responseType && { error: { responseType } }),
  };
  return format.replace(/\$(context(?:\.[A-Za-z0-9_]+)+)/g, (_all, name: string) => {
    const value = readVariable(name, request, known);
    return value === "" ? "-" : JSON.stringify(value).slice(1, -1);
  });
}
