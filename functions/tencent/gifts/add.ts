import { AddGift } from "../../../domain/tencent/tencent-gift.ts";
import { recordAddedGift } from "../../../platform/store/tencent/gift-aliases.ts";
import { command } from "../../../platform/tencent/command.ts";

/**
 * Configures a gift and replaces one with the same id: the reference has no command to change it.
 */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/add_gift",
    summary: "Add or replace a gift",
    body: AddGift,
    refusals: ["too_many_gift_types"],
    callsPerSecond: 1,
    grants: { read: ["GIFTID", "GIFTTYPE"], write: ["GIFTID", "GIFTTYPE"] },
  },
  async ({ body, now, newId }) => recordAddedGift(body, newId, now),
);
