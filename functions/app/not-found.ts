import type { APIGatewayProxyEvent } from "aws-lambda";
import * as z from "zod";
import { Refusal } from "../../domain/refusal.ts";
import type { Contract } from "../../platform/http/contract.ts";
import { commonHeaders, refusalAnswer } from "../../platform/http/envelope.ts";
import { header } from "../../platform/http/request.ts";

/** Unknown paths and methods: the gateway routes them all here, without an authorizer. */
export const contract = {
  kind: "endpoint",
  route: "GET /{proxy+}",
  summary: "Answer requests to unknown routes",
  tag: "App",
  caller: "anyone",
  answer: [200, z.never()],
  cost: { kilobytes: 1 },
  refusals: ["route_not_found"],
  grants: {},
} as const satisfies Contract;

/** The longest part of a path that the response repeats. */
const pathMax = 200;

/** Not an `endpoint`: the response is 404 whatever the query and body. */
export async function handler(event: APIGatewayProxyEvent) {
  const route = `${event.httpMethod} ${event.path.slice(0, pathMax)}`.toWellFormed();
  const headers = commonHeaders(event.requestContext.requestId, header(event, "origin"));
  return refusalAnswer(new Refusal("route_not_found", { route }), headers, new Date());
}
