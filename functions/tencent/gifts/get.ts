import * as z from "zod";
import { GiftInfo, giftInfoOf, NamedGiftId } from "../../../domain/tencent/tencent-gift.ts";
import { getGiftTypeByAlias } from "../../../platform/store/tencent/gift-aliases.ts";
import { command } from "../../../platform/tencent/command.ts";

/** The configuration of a gift. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/get_gift",
    summary: "Get a gift's configuration",
    body: z.object({ GiftId: NamedGiftId }),
    answer: z.object({ GiftInfo }),
    refusals: ["gift_type_not_found"],
    callsPerSecond: 1,
    grants: { read: ["GIFTID", "GIFTTYPE"] },
  },
  async ({ body: { GiftId } }) => ({ GiftInfo: giftInfoOf(await getGiftTypeByAlias(GiftId)) }),
);
