import type { APIGatewayProxyEvent } from "aws-lambda";
import { Refusal } from "../../domain/refusal.ts";
import { commonHeaders, refusalAnswer } from "./envelope.ts";
import { header } from "./request.ts";

/** The longest part of a path that the response repeats. */
const pathMax = 200;

/** The response to a request for an unknown route. */
export function answerUnknownRoute(event: APIGatewayProxyEvent) {
  const route = `${event.httpMethod} ${event.path.slice(0, pathMax)}`.toWellFormed();
  const headers = commonHeaders(event.requestContext.requestId, header(event, "origin"));
  return refusalAnswer(new Refusal("route_not_found", { route }), headers, new Date());
}

/**
 * Whether a path ends with a slash, and so is no route: a REST API calls the function of `/hello`
 * for `/hello/`, too.
 */
export const hasTrailingSlash = ({ path }: APIGatewayProxyEvent): boolean => path.endsWith("/");
