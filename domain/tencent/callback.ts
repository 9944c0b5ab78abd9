import * as z from "zod";

/** The callback that decides on a gift before it is sent. */
export const beforeSendGift = "Live.CallbackBeforeSendGift";

/** The callbacks sent after a room was created or destroyed. */
export const afterRoom = {
  created: "Live.CallbackAfterCreateRoom",
  destroyed: "Live.CallbackAfterDestroyRoom",
} as const;

/** The largest number of callbacks in one configuration. */
const commandsMax = 50;

/** The callbacks that are actually called: accepting another name would promise a call. */
const commands: readonly string[] = [beforeSendGift, afterRoom.created, afterRoom.destroyed];

export const CallbackCommands = z
  .array(
    z
      .string({ error: "expected the name of a callback" })
      .regex(/^Live\.Callback[A-Za-z]{1,50}$/, "expected the name of a callback")
      .meta({ maxLength: 63 })
      .refine((name) => commands.includes(name), {
        error: ({ input }) => `${input} is not called; expected ${commands.join(", ")}`,
      }),
    { error: "expected an array of callbacks' names" },
  )
  .max(commandsMax, `expected at most ${commandsMax} callbacks`)
  .meta({ example: [beforeSendGift, afterRoom.destroyed] });

/** The configuration: one URL of the application, and the callbacks that are sent there. */
export const Callbacks = z.object({ Url: z.string(), CallbackCommandList: z.array(z.string()) });
export type Callbacks = z.infer<typeof Callbacks>;

/** The configured URL with the query parameters that the application checks. */
export function callbackUrl(
  configured: string,
  { sdkAppId, command, clientIp }: { sdkAppId: number; command: string; clientIp: string },
): URL {
  const url = new URL(configured);
  url.searchParams.append("SdkAppid", String(sdkAppId));
  url.searchParams.append("CallbackCommand", command);
  url.searchParams.append("contenttype", "json");
  url.searchParams.append("ClientIP", clientIp);
  url.searchParams.append("OptPlatform", "RESTAPI");
  return url;
}

/**
 * The data of a gift in a callback; `Coins` is the unit price times Count, `Time` in seconds.
 */
export type GiftWater = {
  From_Account: string;
  To_Account: readonly string[];
  Time: number;
  GiftId: string;
  Count: number;
  Coins: number;
};

/** The response to a callback: all three fields are required. */
const CallbackAnswer = z.object({
  ActionStatus: z.string(),
  ErrorInfo: z.string(),
  ErrorCode: z.number().int(),
});

/** The range of codes by which a callback rejects a gift with its own reason. */
const ownCodes = { first: 102100, last: 102200 };

/** What the response to a callback means. */
type CallbackVerdict =
  | { kind: "allowed" }
  | { kind: "rejected"; code?: number; info: string }
  | { kind: "unusable" };

/** Reads the response: 0 allows, 1 rejects, 102100 to 102200 reject and are passed on. */
export function verdictOf(answer: unknown): CallbackVerdict {
  const parsed = CallbackAnswer.safeParse(answer);
  if (!parsed.success) return { kind: "unusable" };
  const { ErrorCode: code, ErrorInfo: info } = parsed.data;
  if (code === 0) return { kind: "allowed" };
  if (code === 1) return { kind: "rejected", info };
  if (code >= ownCodes.first && code <= ownCodes.last) return { kind: "rejected", code, info };
  return { kind: "unusable" };
}
