import * as z from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { faultCode } from "../http/envelope.ts";
import { operationIdOf } from "../http/openapi.ts";
import { always, type CommandContract } from "./contract.ts";

/** One command: its name in the route table and its contract. */
type Command = { name: string; contract: CommandContract };

/** The query of every call (https://trtc.io/document/34348). */
const Query = z.object({
  sdkappid: z.string().meta({ description: "The application", example: "1400000001" }),
  identifier: z.string().meta({ description: "The administrator who calls" }),
  usersig: z.string().meta({ description: "Their UserSig, signed with the application's key" }),
  random: z.string().optional().meta({ description: "Not looked at" }),
  contenttype: z.string().optional().meta({ description: "Not looked at", example: "json" }),
});

/** The members of every answer. */
const Answer = z
  .object({
    ActionStatus: z.enum(["OK", "FAIL"]),
    ErrorInfo: z.string(),
    ErrorCode: z.number().int().meta({ description: "0 for a success" }),
    RequestId: z.string().optional().meta({
      description: "In every answer but those that the gateway makes itself",
    }),
  })
  .meta({ id: "TencentAnswer" });

/**
 * The paths of Tencent's commands for the public document: always HTTP 200, the outcome in the
 * body.
 */
export function commandPaths(commands: readonly Command[]): ZodOpenApiPathsObject {
  const described = commands.filter(({ contract }) => contract.command !== "*");
  return Object.fromEntries(
    described.map(({ name, contract }) => [
      `/v4/${contract.command}`,
      { post: operation(name, contract) },
    ]),
  );
}

function operation(name: string, contract: CommandContract): ZodOpenApiOperationObject {
  const { says, body, answer, callsPerSecond, idempotencyKey, refusals } = contract;
  const header = z.object({ "Idempotency-Key": z.string().max(128).optional() });
  const schema = answer === undefined ? Answer : Answer.extend(answer.partial().shape);
  return {
    operationId: operationIdOf(name),
    summary: says,
    description: `At most ${callsPerSecond} calls a second. A failure is HTTP 200 as well.`,
    tags: ["Tencent"],
    security: [],
    requestParams: { query: Query, ...(idempotencyKey && { header }) },
    requestBody: {
      required: true,
      content: { "application/json": { schema: body ?? z.looseObject({}) } },
    },
    responses: { 200: { description: says, content: { "application/json": { schema } } } },
    "x-error-codes": [...new Set([...always, ...refusals, faultCode])],
  };
}
