import * as z from "zod";
import { Language } from "../../../domain/tencent/gift-text.ts";
import { NamedGiftId } from "../../../domain/tencent/tencent-gift.ts";
import { getGiftTypeByAlias } from "../../../platform/store/tencent/gift-aliases.ts";
import { deleteText } from "../../../platform/store/tencent/gift-texts.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Deletes a gift's text in one language; a missing one is no error. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/del_gift_language",
    summary: "Delete a gift's text in one language",
    body: z.object({ GiftId: NamedGiftId, Language }),
    refusals: ["gift_type_not_found"],
    callsPerSecond: 1,
    grants: { read: ["GIFTID", "CATALOGUE", "GIFTTYPE"], write: ["CATALOGUE"] },
  },
  async ({ body }) => {
    const { id } = await getGiftTypeByAlias(body.GiftId);
    await deleteText({ of: "gift", id }, body.Language);
  },
);
