import type { GiftDecision } from "../../domain/money/gift.ts";
import type { GiftType } from "../../domain/money/gift-type.ts";
import { refuse } from "../../domain/refusal.ts";
import {
  beforeSendGift,
  type Callbacks,
  callbackUrl,
  type GiftWater,
  verdictOf,
} from "../../domain/tencent/callback.ts";
import { afterFailedCallback, makeDelivery } from "../../domain/webhooks/delivery.ts";
import { tencentReceiver } from "../../domain/webhooks/webhook.ts";
import { postJson } from "../outbound/post.ts";
import { setting } from "../runtime/env.ts";
import { logFault, logNotice } from "../runtime/log.ts";
import { deliveryId, recordDelivery } from "../store/webhooks/deliveries.ts";
import { isSuccess, reasonOf } from "../webhooks/attempt.ts";
import { callWithBreaker } from "./breaker.ts";
import { RejectedGift } from "./codes.ts";
import type { CommandRequest } from "./command.ts";
import type { CommandContract } from "./contract.ts";

/** The callback's timeout and size limit; gifts wait for it. */
const bounds = { timeoutMilliseconds: 2000, bytesMax: 16 * 1024 };

/** Whether the application decides about gifts before they are sent. */
export const decidesOnGifts = (callbacks: Callbacks | undefined): callbacks is Callbacks =>
  callbacks?.CallbackCommandList.includes(beforeSendGift) ?? false;

/** A gift about to be sent. */
type Question = { giftType: GiftType; decision: GiftDecision };

/** The call that sends it. */
type Call = Pick<
  CommandRequest<CommandContract>,
  "caller" | "clientIp" | "externalId" | "runExclusive"
>;

/**
 * Sends a decided gift; if the application decides about gifts, only with its approval. It may
 * charge for the callback, so one key asks once, and the callback has an id (`webhook-id`) that
 * identifies repetitions: that of the call's key and request, or else the gift's. Refuses with
 * `gift_rejected`, passing the application's code on, or with `gift_callback_failed` without a
 * usable response.
 */
export function sendGiftAfterCallback<A>(
  callbacks: Callbacks | undefined,
  question: Question,
  call: Call,
  give: () => Promise<A>,
): Promise<A> {
  if (!decidesOnGifts(callbacks)) return give();
  return call.runExclusive(async () => {
    await askBeforeGift(callbacks, question, call);
    return give();
  });
}

/** Sends the callback for a gift that could be sent. */
async function askBeforeGift(
  { Url }: Pick<Callbacks, "Url">,
  { giftType, decision: { gift, context } }: Question,
  { caller, clientIp, externalId }: Call,
): Promise<void> {
  const { stream, id, now } = context;
  const water: GiftWater = {
    From_Account: gift.sender.userId,
    To_Account: gift.receivers.map(({ userId }) => userId),
    Time: Math.floor(now.getTime() / 1000),
    GiftId: giftType.giftId,
    Count: gift.count,
    Coins: giftType.creditAmount * gift.count,
  };
  const sdkAppId = setting("TENCENT_SDK_APP_ID");
  const address = callbackUrl(Url, { sdkAppId, command: beforeSendGift, clientIp });
  const question = {
    CallbackCommand: beforeSendGift,
    Operator_Account: caller.identifier,
    RoomId: stream.roomId ?? stream.id,
    GiftWater: water,
  };
  const reply = await ask(address, externalId ?? id, question);
  const verdict = verdictOf(reply.answer);
  if (verdict.kind === "unusable") {
    if (!reply.isSkipped) await noteFailure(`question:${id}`, question, reply, now);
    refuse("gift_callback_failed", { problem: "no usable answer" });
  }
  if (verdict.kind === "rejected") throw new RejectedGift(verdict.info, verdict.code);
}

/**
 * The outcome of a callback; `error` says why there is no response, `isSkipped` that it was not
 * sent, because the application did not respond to others.
 */
type CallbackReply = {
  answer?: unknown;
  statusCode?: number;
  error?: string;
  isSkipped?: boolean;
};

/**
 * Lists a callback without a usable response among the deliveries, so that an unresponsive
 * application is visible to others than the senders whose gifts fail. The gift does not depend on
 * this.
 */
async function noteFailure(id: string, question: object, reply: CallbackReply, now: Date) {
  const event = { id, type: beforeSendGift, at: now.toISOString() };
  const { statusCode, error = "The answer was not usable" } = reply;
  const made = makeDelivery(deliveryId(tencentReceiver, event), event, JSON.stringify(question));
  try {
    await recordDelivery(tencentReceiver, afterFailedCallback(made, { statusCode, error }));
  } catch (fault) {
    logFault("A failed callback could not be recorded", fault);
  }
}

async function ask(url: URL, id: string, body: unknown): Promise<CallbackReply> {
  try {
    const send = () => postJson(url, body, bounds, { "webhook-id": id });
    const answer = await callWithBreaker(setting("TENCENT_SDK_APP_ID"), send);
    if (answer === undefined) return { isSkipped: true, error: "It did not answer before" };
    const { status, text } = answer;
    if (!isSuccess(status)) return { statusCode: status, error: `The answer was ${status}` };
    return { statusCode: status, answer: parsed(text) };
  } catch (error) {
    logNotice("A callback got no response", { host: url.host, reason: String(error) });
    return { error: reasonOf(error) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
