import * as z from "zod";
import { byteText } from "../text.ts";

/** The callback that decides on a gift before it is sent. */
export const beforeSendGift = "Live.CallbackBeforeSendGift";

/** The address of the application's server; an address is no safe place for credentials. */
export const CallbackUrl = byteText(1, 500).refine(isWebAddress, "expected an http or https URL");

function isWebAddress(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/** Callbacks of one configuration. */
const commandsMax = 50;

/** The callbacks that are really called: a name that nothing calls would be taken for a promise. */
const called: readonly string[] = [beforeSendGift];

export const CallbackCommands = z
  .array(
    z
      .string({ error: "expected the name of a callback" })
      .regex(/^Live\.Callback[A-Za-z]{1,50}$/, "expected the name of a callback")
      .refine((name) => called.includes(name), {
        error: ({ input }) => `${input} is not called; expected ${called.join(" or ")}`,
      }),
    { error: "expected an array of callbacks' names" },
  )
  .max(commandsMax, `expected at most ${commandsMax} callbacks`);

/** What is configured: one address for the application, and what it is called for. */
export const Callbacks = z.object({ Url: z.string(), CallbackCommandList: z.array(z.string()) });
export type Callbacks = z.infer<typeof Callbacks>;

/**
 * What the callback is told of a gift; `Coins` is the unit price times Count, `Time` in seconds.
 */
export type GiftWater = {
  From_Account: string;
  To_Account: readonly string[];
  Time: number;
  GiftId: string;
  Count: number;
  Coins: number;
};

/** The answer of a callback: all three are required. */
const CallbackAnswer = z.object({
  ActionStatus: z.string(),
  ErrorInfo: z.string(),
  ErrorCode: z.number().int(),
});

/** The codes by which a callback rejects a gift with a reason of its own. */
const ownCodes = { first: 102100, last: 102200 };

/** What a callback's answer comes to. */
type CallbackVerdict =
  | { kind: "allowed" }
  | { kind: "rejected"; code?: number; info: string }
  | { kind: "unusable" };

/** Reads the answer: 0 allows, 1 rejects, 102100 to 102200 reject and are passed on. */
export function verdictOf(answer: unknown): CallbackVerdict {
  const parsed = CallbackAnswer.safeParse(answer);
  if (!parsed.success) return { kind: "unusable" };
  const { ErrorCode: code, ErrorInfo: info } = parsed.data;
  if (code === 0) return { kind: "allowed" };
  if (code === 1) return { kind: "rejected", info };
  if (code >= ownCodes.first && code <= ownCodes.last) return { kind: "rejected", code, info };
  return { kind: "unusable" };
}
