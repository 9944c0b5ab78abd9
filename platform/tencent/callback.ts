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
import { newId } from "../id.ts";
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
  now: Date;
};

/** Whose call it is. */
type Call = Pick<CommandRequest<CommandContract>, "caller" | "clientIp" | "assertNew">;

/** Where the application decides, no credits move here, so that no limit of them holds. */
const noLimits = { giftsPerSecond: 0, spendLimit: 0 };

/**
 * Asks the application whether a gift may be sent: only for one that could be, and never again for
 * a call that was answered before, since the application charges for it. Refuses with
 * `gift_rejected`, its own code passed on, or with `gift_callback_failed` without a usable answer.
 */
export async function askBeforeGift(
  { Url }: Pick<Callbacks, "Url">,
  { stream, giver, wish, now }: Question,
  { caller, clientIp, assertNew }: Call,
): Promise<void> {
  await assertNew();
  const id = newId(now);
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
    await ask(addressOf(Url, clientIp), {
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

async function ask(url: URL, body: unknown): Promise<unknown> {
  try {
    const { status, text } = await postJson(url, body, bounds);
    return status === 200 ? JSON.parse(text) : undefined;
  } catch (error) {
    logNotice("A callback could not be asked", { host: url.host, reason: String(error) });
    return undefined;
  }
}
