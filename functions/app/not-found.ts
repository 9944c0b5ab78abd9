import type { APIGatewayProxyEvent } from "aws-lambda";
import * as z from "zod";
import type { Contract } from "../../platform/http/contract.ts";
import { answerUnknownPage } from "../../platform/http/document.ts";

/** Unknown paths and methods: the gateway routes them all here, without an authorizer. */
export const contract = {
  kind: "endpoint",
  route: "GET /{proxy+}",
  summary: "Answer requests to unknown routes",
  tag: "App",
  caller: "anyone",
  answer: [200, z.never()],
  cost: { kilobytes: 4 },
  refusals: ["route_not_found"],
  grants: {},
} as const satisfies Contract;

/** Not an `endpoint`: the response is 404 whatever the query and body. */
export const handler = async (event: APIGatewayProxyEvent) => answerUnknownPage(event);
