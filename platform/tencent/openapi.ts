import * as z from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { shownText } from "../../domain/text.ts";
import { faultCode } from "../http/envelope.ts";
import { sentenceMax } from "../http/failure-responses.ts";
import { operationIdOf } from "../http/openapi.ts";
import {
  type CommandContract,
  commonCallbackCodes,
  commonCodes,
  type ReceiverContract,
} from "./contract.ts";
import { userSigMax } from "./user-sig.ts";

/** One command: its name in the route table and its contract. */
type Command = { name: string; contract: CommandContract };

/** The query of every call (https://trtc.io/document/34348). */
const Query = z.object({
  sdkappid: shownText(10).meta({
    description: "The SDKAppID",
    example: "1400000001",
  }),
  identifier: shownText(64).meta({
    description: "The administrator who calls",
    example: "administrator",
  }),
  usersig: shownText(userSigMax).meta({
    description: "UserSig, signed with the application's key",
  }),
  random: z.string().optional().meta({ description: "Ignored", example: "99999999" }),
  contenttype: z.string().optional().meta({ description: "Ignored", example: "json" }),
});

/** The common fields of every response. */
const Answer = z
  .object({
    ActionStatus: z.enum(["OK", "FAIL"]),
    ErrorInfo: shownText(sentenceMax).meta({
      description: "The error message; empty on success",
      example: "",
    }),
    ErrorCode: z.number().int().meta({ description: "0 on success", example: 0 }),
    RequestId: shownText(100).optional().meta({
      example: "8e03978e-40d5-43dd-bc93-6894a57f9324",
      description: "Absent from responses of API Gateway itself",
    }),
  })
  .meta({ id: "TencentAnswer" });

/**
 * The paths of Tencent's commands for the API description: always HTTP 200, with the outcome in the
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
  const { summary, body, answer, callsPerSecond = 200, idempotencyKey, refusals = [] } = contract;
  const header = z.object({
    "Idempotency-Key": z
      .string()
      .max(128)
      .meta({
        description: "A repeated request with the same key sends the gift once",
      })
      .optional(),
  });
  const schema = answer === undefined ? Answer : Answer.extend(answer.partial().shape);
  return {
    operationId: operationIdOf(name),
    summary,
    description: `At most ${callsPerSecond} per second. The HTTP status is 200 for failures too.`,
    tags: ["Tencent"],
    security: [],
    requestParams: { query: Query, ...(idempotencyKey && { header }) },
    requestBody: {
      required: true,
      content: { "application/json": { schema: body ?? z.looseObject({}) } },
    },
    responses: { 200: { description: summary, content: { "application/json": { schema } } } },
    "x-error-codes": [...new Set([...commonCodes, ...refusals, faultCode])],
  };
}

/** The query of a callback, in the reference's spelling. */
const CallbackQuery = z.object({
  key: shownText(200).meta({
    description: "The stage's key for callbacks",
    example: "d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204",
  }),
  SdkAppid: shownText(10).meta({
    description: "The SDKAppID",
    example: "1400000001",
  }),
  CallbackCommand: shownText(100).optional().meta({
    description: "The callback's name, if the body does not contain it",
    example: "Live.CallbackBeforeSendGift",
  }),
  contenttype: z.string().optional().meta({ description: "Ignored", example: "json" }),
  ClientIP: z.string().optional().meta({ description: "Ignored", example: "203.0.113.7" }),
  OptPlatform: z.string().optional().meta({ description: "Ignored", example: "Android" }),
  dedupe: z
    .string()
    .regex(/^([1-9]|[1-5]\d|60)$/)
    .optional()
    .meta({
      maxLength: 2,
      description: "Identical calls within this many seconds count as one gift",
      example: "5",
    }),
});

/** The response to a callback. */
const CallbackAnswer = z.object({
  ActionStatus: z.enum(["OK", "FAIL"]),
  ErrorInfo: shownText(sentenceMax),
  ErrorCode: z
    .number()
    .int()
    .meta({
      description: [
        "0 success, 102101 credits too low, 102102 sender blocked, 102103 unknown gift, " +
          "room or",
        "account, 102104 gifts switched off or room ended, 102105 daily spend limit reached,",
        "1 any other failure",
      ].join(" "),
    }),
});

/** Bodies as Tencent sends them, and the responses of a stage with the demo data. */
const callbackExamples = {
  beforeSendGift: {
    value: {
      CallbackCommand: "Live.CallbackBeforeSendGift",
      Operator_Account: "user1",
      RoomId: "room_id",
      GiftWater: {
        From_Account: "user1",
        To_Account: ["user2"],
        Time: 1703589922,
        GiftId: "gift1",
        Count: 1,
        Coins: 1000,
      },
    },
  },
  afterCreateRoom: {
    value: {
      CallbackCommand: "Live.CallbackAfterCreateRoom",
      Operator_Account: "administrator",
      EventTime: 1703589922000,
      RoomInfo: { RoomId: "room_id", RoomType: "Live", Owner_Account: "user2", RoomName: "Live" },
    },
  },
  afterDestroyRoom: {
    value: {
      CallbackCommand: "Live.CallbackAfterDestroyRoom",
      Operator_Account: "administrator",
      EventTime: 1703593522000,
      RoomInfo: { RoomId: "room_id" },
    },
  },
};
const answerExamples = {
  done: { value: { ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 } },
  creditsTooLow: {
    value: {
      ActionStatus: "FAIL",
      ErrorInfo: "Insufficient credits: balance 0, price 10",
      ErrorCode: 102101,
    },
  },
  roomNotFound: {
    value: {
      ActionStatus: "FAIL",
      ErrorInfo: "RoomId: there is no room room_id",
      ErrorCode: 102103,
    },
  },
  wrongKey: {
    value: { ActionStatus: "FAIL", ErrorInfo: "key: not the key of this stage", ErrorCode: 1 },
  },
};

/** The path of callbacks from Tencent's engine for the API description. */
export function receiverPaths(
  receivers: readonly { name: string; contract: ReceiverContract }[],
): ZodOpenApiPathsObject {
  return Object.fromEntries(
    receivers.map(({ name, contract: { path, summary, takes, refusals } }) => [
      `/tencent${path}`,
      {
        post: {
          operationId: operationIdOf(name),
          summary,
          description: [
            "Always HTTP 200, within two seconds; the code of a failure is in `x-error-code`.",
            "`WebhookCommand` and `SdkAppId` are accepted too. A gift that is not decided " +
              "within 1.6 s is",
            "not charged. With `dedupe`, identical calls count as one gift.",
          ].join(" "),
          tags: ["Tencent"],
          security: [],
          requestParams: { query: CallbackQuery },
          requestBody: {
            required: true,
            content: { "application/json": { schema: bodyOf(takes), examples: callbackExamples } },
          },
          responses: {
            200: {
              description: summary,
              content: { "application/json": { schema: CallbackAnswer, examples: answerExamples } },
            },
          },
          "x-error-codes": [...commonCallbackCodes, ...refusals, faultCode],
        },
      },
    ]),
  );
}

/** The body of one callback, with its name. */
const bodyOf = (takes: ReceiverContract["takes"]) =>
  z.union(
    Object.entries(takes).map(([name, body]) =>
      z.intersection(z.object({ CallbackCommand: z.literal(name) }), body),
    ),
  );
