import * as z from "zod";
import { GiftId, StreamId, UserId } from "../../../domain/id.ts";
import { type Combo, comboEndsAt } from "../../../domain/money/combo.ts";
import { Gift } from "../../../domain/money/gift-item.ts";
import { draftOf, type Wallet } from "../../../domain/money/wallet.ts";
import { Timestamp } from "../../../domain/text.ts";
import { sendAt } from "../../aws/queues.ts";
import { setting } from "../../runtime/env.ts";
import { parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryAll } from "../../table/query.ts";
import type { Action } from "../../table/transact.ts";
import { firstGiftFrom, secondsOfGift } from "./gifts.ts";
import { commit, findWallet } from "./wallets.ts";

/** The combo whose end a message announces. */
export const ComboEnd = z.object({ comboId: GiftId, streamId: StreamId, userId: UserId });
export type ComboEnd = z.infer<typeof ComboEnd>;

/** The second gift, which makes a combo. */
const Second = z.object({
  kind: z.literal("gift"),
  combo: z.literal(2),
  comboId: GiftId,
  streamId: StreamId,
  sender: z.object({ userId: UserId }),
  createdAt: Timestamp,
});

/**
 * Queues the end of each combo that begins with one of these gifts' images. Repeating it is
 * harmless, since a combo ends once. Skips images that do not fit: settling parks them.
 */
export async function queueComboEnds(
  images: readonly Record<string, unknown>[],
  now: Date,
): Promise<void> {
  for (const image of images) {
    const second = Second.safeParse(image).data;
    if (second === undefined) continue;
    const { comboId, streamId, sender, createdAt } = second;
    const moment: ComboEnd = { comboId, streamId, userId: sender.userId };
    const at = comboEndsAt({ lastAt: createdAt });
    await sendAt(setting("COMBOS_QUEUE_URL"), moment, { at, now });
  }
}

/**
 * Ends the combo if it is over, exactly once, or sets another timer for when it may be. The end is
 * decided under the lock of the sender's wallet: the combo leaves the wallet in the transaction
 * that marks its first gift, so that a gift either counts before the end or begins a new combo.
 */
export async function endCombo(moment: ComboEnd, now: Date): Promise<void> {
  let first: string | undefined;
  let isOver = false;
  const waiting = await commit(
    [await findWallet(moment.userId)],
    async ([wallet]) => {
      if (isOver) return nothing;
      const kept = findCombo(wallet, moment);
      // A combo that the wallet no longer keeps cannot continue; its total is read from its gifts.
      const found = kept === undefined ? await readCombo(moment) : { combo: kept, first: kept.id };
      // All gifts after the first one were released, so there was no combo, or it has ended.
      if (found === undefined || found.combo.count < 2) return nothing;
      return decideEnd(wallet, found.combo, first ?? found.first, now);
    },
    async (failed) => {
      // The first gift is held and so not in its stream, or another message has ended the combo.
      const rest = failed.get("combo") === undefined ? await readCombo(moment) : undefined;
      first = rest?.first;
      isOver = rest === undefined;
    },
  );
  if (waiting !== undefined)
    await sendAt(setting("COMBOS_QUEUE_URL"), moment, { at: waiting, now });
}

/** Writes nothing, and ends no combo. */
const nothing = { drafts: [], reply: { answer: undefined, remember: [] } };

const findCombo = (wallet: Wallet, { comboId }: ComboEnd) =>
  wallet.combos?.find(({ id }) => id === comboId);

/** Writes nothing while the combo continues, and returns when it may be over. */
function decideEnd(wallet: Wallet, combo: Combo, first: string, now: Date) {
  const endsAt = comboEndsAt(combo);
  const isKept = wallet.combos?.some(({ id }) => id === combo.id) ?? false;
  if (isKept && now <= endsAt) return { drafts: [], reply: { answer: endsAt, remember: [] } };
  const draft = draftOf(wallet);
  const combos = wallet.combos?.filter(({ id }) => id !== combo.id);
  return {
    drafts: isKept ? [{ ...draft, after: { ...draft.after, combos } }] : [],
    actions: [endAction(combo, first)],
    reply: { answer: undefined, remember: [] },
  };
}

const endAction = ({ streamId, count, credits, lastAt }: Combo, first: string): Action => ({
  label: "combo",
  Update: {
    Key: key.gift(streamId, first),
    UpdateExpression: "SET comboEnded = :ended",
    ConditionExpression: "attribute_exists(PK) AND attribute_not_exists(comboEnded)",
    ExpressionAttributeValues: {
      ":ended": { count, credits, at: comboEndsAt({ lastAt }).toISOString() },
    },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
});

/** Items read in one step when a combo is reconstructed. */
const pageSize = 200;
/**
 * The longest time from a combo's beginning to the first of its gifts that is in the stream, in
 * seconds. Gifts before that were released, each within a minute (held-gifts.ts).
 */
const firstSecondsMax = 300;

/**
 * How much older than a combo's first gift another one may be, in seconds: a gift has the time of
 * its call, which may be recorded after later calls, and clocks differ.
 */
const earlierSecondsMax = 10;

/**
 * Reconstructs a combo from its gifts in the stream, each soon after the previous one. `first` is
 * the combo's first, or if that was released or is held, the oldest of them. Undefined if the
 * stream has none of them, or if the combo has ended.
 */
async function readCombo({ comboId, streamId }: ComboEnd) {
  let first: string | undefined;
  let last: Gift | undefined;
  let [count, credits] = [0, 0];
  const seconds = secondsOfGift(comboId);
  let end = new Date((seconds + firstSecondsMax) * 1000);
  const after = firstGiftFrom(streamId, new Date((seconds - earlierSecondsMax) * 1000)).SK;
  const walk = { after, pageSize, consistent: true };
  for await (const item of queryAll(key.gift(streamId, ""), { prefix: prefix.gifts }, walk)) {
    if (typeof item.createdAt === "string" && new Date(item.createdAt) > end) break;
    if (item.kind !== "gift" || (item.comboId ?? item.id) !== comboId) continue;
    last = parseItem(Gift, item);
    if (last.comboEnded !== undefined) return undefined;
    if (first === undefined || last.id === comboId) first = last.id;
    count = Math.max(count, last.combo);
    credits += last.price;
    if (last.id >= comboId) end = comboEndsAt({ lastAt: last.createdAt });
  }
  if (first === undefined || last?.giftType === undefined) return undefined;
  const { createdAt: lastAt, giftType } = last;
  return {
    first,
    combo: { id: comboId, streamId, giftTypeId: giftType.id, count, credits, lastAt },
  };
}
