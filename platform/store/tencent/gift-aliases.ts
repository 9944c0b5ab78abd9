import type { GiftType } from "../../../domain/money/gift-type.ts";
import { Refusal, refuse } from "../../../domain/refusal.ts";
import { type AddGift, addedGiftType } from "../../../domain/tencent/tencent-gift.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import {
  changeStoredGiftType,
  findGiftTypeByAlias,
  listGiftTypes,
  recordGiftType,
} from "../money/gift-types.ts";
import { textDeletions } from "./gift-texts.ts";

/** The gift type with a GiftId; refuses with `gift_type_not_found`. Read consistently. */
export async function getGiftTypeByAlias(giftId: string): Promise<GiftType> {
  const type = await findGiftTypeByAlias(giftId);
  return type ?? refuse("gift_type_not_found", { giftTypeId: giftId });
}

/** The most decisions on adding a gift; each write has its own retries. */
const decisionsMax = 3;

/**
 * Records a gift of the Tencent API: a new one, or a replacement of the one with its GiftId.
 * Repeated if another call was faster.
 */
export async function recordAddedGift(gift: AddGift, newId: () => string, now: Date) {
  await retryOnConflict(
    async () => {
      const before = await findGiftTypeByAlias(gift.GiftId);
      const decide = (type?: GiftType) => addedGiftType(gift, type, newId(), now);
      try {
        if (before !== undefined) await changeStoredGiftType(before.id, decide);
        else await recordGiftType(decide(), { answer: undefined, remember: [] });
        return undefined;
      } catch (error) {
        if (isOvertaken(error)) return conflicted;
        throw error;
      }
    },
    { tries: decisionsMax },
  );
}

const isOvertaken = (error: unknown) =>
  error instanceof Refusal && ["gift_type_exists", "gift_type_not_found"].includes(error.code);

/** Deletes a gift and its texts: it can no longer be sent. Sent gifts stay unchanged. */
export async function deleteGiftByAlias(giftId: string, now: Date): Promise<void> {
  const { id } = await getGiftTypeByAlias(giftId);
  const at = now.toISOString();
  const gone = { isActive: false, updatedAt: at, deletedAt: at };
  // In one transaction: after a failure in between, a retry would find no gift.
  const texts = textDeletions({ of: "gift", id });
  const remove = (type: GiftType) => ({ ...type, ...gone });
  await changeStoredGiftType(id, remove, () => texts);
}

/** The GiftIds of all gifts, by the ids of their types. Includes gifts that were just added. */
export async function listGiftAliases(now: Date): Promise<Map<string, string>> {
  const types = await listGiftTypes(now, { consistent: true });
  return new Map(types.map(({ id, giftId }) => [id, giftId]));
}
