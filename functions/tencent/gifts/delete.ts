import * as z from "zod";
import { NamedGiftId } from "../../../domain/tencent/tencent-gift.ts";
import { deleteGiftByAlias } from "../../../platform/store/tencent/gift-aliases.ts";
import { command } from "../../../platform/tencent/command.ts";

/**
 * Deletes a gift with its texts; categories lose it, since they refer to gift types by id.
 */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/del_gift",
    summary: "Delete a gift",
    body: z.object({ GiftId: NamedGiftId }),
    refusals: ["gift_type_not_found"],
    callsPerSecond: 1,
    grants: { read: ["GIFTID", "GIFTTYPE"], write: ["GIFTID", "GIFTTYPE", "CATALOGUE"] },
  },
  ({ body: { GiftId }, now }) => deleteGiftByAlias(GiftId, now),
);
