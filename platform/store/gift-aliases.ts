import type { GiftType } from "../../domain/gift-type.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { type AddGift, addedGiftType } from "../../domain/tencent-gift.ts";
import { findGiftTypeByAlias, recordGiftType, recordGiftTypeChange } from "./gift-types.ts";
import { pause } from "./transact.ts";

/** The gift type that a GiftId names; refuses with `gift_type_not_found`. Read consistently. */
export async function getGiftTypeByAlias(giftId: string): Promise<GiftType> {
  const type = await findGiftTypeByAlias(giftId);
  return type ?? refuse("gift_type_not_found", { giftTypeId: giftId });
}

/** Times that adding a gift is decided on; each write has tries of its own below this. */
const decisionsMax = 3;

/**
 * Records a gift of the Tencent side: a new one, or in place of what had its GiftId. Decided again when
 * somebody else was faster.
 */
export async function recordAddedGift(given: AddGift, newId: () => string, now: Date) {
  for (let attempt = 1; ; attempt++) {
    const before = await findGiftTypeByAlias(given.GiftId);
    const after = addedGiftType(given, before, newId(), now);
    try {
      if (before !== undefined) await recordGiftTypeChange(before, after);
      else await recordGiftType(after, { answer: undefined, remember: [] });
      return;
    } catch (error) {
      if (!isOvertaken(error) || attempt >= decisionsMax) throw error;
      await pause(attempt);
    }
  }
}

const isOvertaken = (error: unknown) =>
  error instanceof Refusal && ["gift_type_exists", "unavailable"].includes(error.code);
