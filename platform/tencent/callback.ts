import { type GiftWish, sendGift } from "../../domain/money/gift.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import {
  beforeSendGift,
  type Callbacks,
  type GiftWater,
  verdictOf,
} from "../../domain/tencent/callback.ts";
import { setting } from "../env.ts";
import { logNotice } from "../log.ts";
import { postJson } from "../outbound.ts";
import type { Giver } from "../store/money/gifts.ts";
import { RejectedGift } from "./codes.ts";
import type { CommandRequest } from "./command.ts";
import type { CommandContract } from "./contract.ts";

/** A callback must answer within this; gifts wait for it. */
const bounds = { timeoutMilliseconds: 2000, bytesMax: 16 * 1024 };

/** True when the application decides on gifts before they are sent. */
export const decidesOnGifts = (callbacks: Callbacks | undefined): callbacks is Callbacks =>
  callbacks?.CallbackCommandList.includes(beforeSendGift) ?? false;

/** A gift as it is about to be given. */
type Question = {
  stream: Stream;
  giver: Giver;
  wish: GiftWish;
  /** The id that the gift will have. */
  id: string;
  now: Date;
};

/** Whose call it is. */
type Call = Pick<CommandRequest<CommandContract>, "caller" | "clientIp" | "outsideId" | "alone">;

/** Where the application decides, no credits move here, so that no limit of them holds. */
const noLimits = { giftsPerSecond: 0, spendLimit: 0 };

/**
 * Gives if the application says that the gift may be sent. It charges for it, so one key asks once,
 * and the question has an id by which it is known again (`webhook-id`): that of the call's key,
 * else the gift's. Refuses with `gift_rejected`, its own code passed on, or with
 * `gift_callback_failed` without a usable answer.
 */
export const giveIfAllowed = <A>(
  callbacks: Pick<Callbacks, "Url">,
  question: Question,
  call: Call,
  give: () => Promise<A>,
): Promise<A> =>
  call.alone(async () => {
    await askBeforeGift(callbacks, question, call);
    return give();
  });

/** Asks only for a gift that could be sent. */
async function askBeforeGift(
  { Url }: Pick<Callbacks, "Url">,
  { stream, giver, wish, id, now }: Question,
  { caller, clientIp, outsideId = id }: Call,
): Promise<void> {
  const { gift } = sendGift({ stream, ...giver, id, now, limits: noLimits }, wish);
  const water: GiftWater = {
    From_Account: gift.sender.userId,
    To_Account: gift.receivers.map(({ userId }) => userId),
    Time: Math.floor(now.getTime() / 1000),
    GiftId: wish.giftType.giftId,
    Count: gift.count,
    Coins: wish.giftType.creditAmount * gift.count,
  };
  const verdict = verdictOf(
    await ask(addressOf(Url, clientIp), outsideId, {
      CallbackCommand: beforeSendGift,
      Operator_Account: caller.identifier,
      RoomId: stream.roomId ?? stream.id,
      GiftWater: water,
    }),
  );
  if (verdict.kind === "unusable") refuse("gift_callback_failed", { problem: "no usable answer" });
  if (verdict.kind === "rejected") throw new RejectedGift(verdict.info, verdict.code);
}

/** The configured address with the query that the application checks. */
function addressOf(configured: string, clientIp: string): URL {
  const url = new URL(configured);
  url.searchParams.append("SdkAppid", String(setting("TENCENT_SDK_APP_ID")));
  url.searchParams.append("CallbackCommand", beforeSendGift);
  url.searchParams.append("contenttype", "json");
  url.searchParams.append("ClientIP", clientIp);
  url.searchParams.append("OptPlatform", "RESTAPI");
  return url;
}

async function ask(url: URL, id: string, body: unknown): Promise<unknown> {
  try {
    const { status, text } = await postJson(url, body, bounds, { "webhook-id": id });
    return status === 200 ? JSON.parse(text) : undefined;
  } catch (error) {
    logNotice("A callback could not be asked", { host: url.host, reason: String(error) });
    return undefined;
  }
}
