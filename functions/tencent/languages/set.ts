import * as z from "zod";
import { GiftDesc, Language, TextName } from "../../../domain/tencent/gift-text.ts";
import { NamedGiftId } from "../../../domain/tencent/tencent-gift.ts";
import { getGiftTypeByAlias } from "../../../platform/store/tencent/gift-aliases.ts";
import { recordText } from "../../../platform/store/tencent/gift-texts.ts";
import { command } from "../../../platform/tencent/command.ts";

const Body = z.object({
  GiftId: NamedGiftId,
  Language,
  Name: TextName.optional(),
  Desc: GiftDesc.optional(),
});

/** Sets a gift's text in one language; omitted fields keep their value. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/set_gift_language",
    summary: "Set a gift's text in one language",
    body: Body,
    refusals: ["gift_type_not_found", "text_name_missing"],
    callsPerSecond: 1,
    grants: { read: ["GIFTID", "CATALOGUE", "GIFTTYPE"], write: ["CATALOGUE"] },
  },
  async ({ body }) => {
    const { id } = await getGiftTypeByAlias(body.GiftId);
    const text = { name: body.Name, desc: body.Desc };
    await recordText({ of: "gift", id }, body.Language, text, "Name");
  },
);
