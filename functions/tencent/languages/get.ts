import * as z from "zod";
import { Language } from "../../../domain/tencent/gift-text.ts";
import { NamedGiftId } from "../../../domain/tencent/tencent-gift.ts";
import { shownText } from "../../../domain/text.ts";
import { getGiftTypeByAlias } from "../../../platform/store/tencent/gift-aliases.ts";
import { getText } from "../../../platform/store/tencent/gift-texts.ts";
import { command } from "../../../platform/tencent/command.ts";

const GiftInfo = z.object({ Name: shownText(20), Desc: shownText(20) });

/** A gift's text in one language. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/get_gift_language",
    summary: "Get a gift's text in one language",
    body: z.object({ GiftId: NamedGiftId, Language }),
    answer: z.object({ GiftInfo }),
    refusals: ["gift_type_not_found", "text_not_found"],
    callsPerSecond: 1,
    grants: { read: ["GIFTID", "CATALOGUE", "GIFTTYPE"] },
  },
  async ({ body }) => {
    const { id } = await getGiftTypeByAlias(body.GiftId);
    const { name, desc } = await getText({ of: "gift", id }, body.Language);
    return { GiftInfo: { Name: name, Desc: desc } };
  },
);
