import type { APIGatewayProxyEvent } from "aws-lambda";
import * as z from "zod";
import { Refusal } from "../../domain/refusal.ts";
import type { Contract } from "../../platform/http/contract.ts";
import { commonHeaders, refusalAnswer } from "../../platform/http/envelope.ts";
import { header } from "../../platform/http/request.ts";

/** Every path and verb that is no route: the gateway sends them all here, without an authorizer. */
export const contract = {
  kind: "endpoint",
  route: "GET /{proxy+}",
  summary: "Answer requests to unknown routes",
  tag: "App",
  caller: "anyone",
  shape: "envelope",
  answer: [200, z.never()],
  cost: { kilobytes: 1 },
  refusals: ["route_not_found"],
  grants: {},
} as const satisfies Contract;

/** The longest part of a path that is worth repeating. */
const pathMax = 200;

/** Not an `endpoint`: the answer is 404 whatever the query and body of the call are. */
export async function handler(event: APIGatewayProxyEvent) {
  const route = `${event.httpMethod} ${event.path.slice(0, pathMax)}`.toWellFormed();
  const headers = commonHeaders(event.requestContext.requestId, header(event, "origin"));
  return refusalAnswer(new Refusal("route_not_found", { route }), headers, new Date());
}
