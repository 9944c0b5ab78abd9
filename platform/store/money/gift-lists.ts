import { Gift } from "../../../domain/money/gift.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { read } from "../../table/table.ts";

/** Items that one page looks at; beyond that it ends early, with the place to go on from. */
const lookMax = 2_000;
const stepMin = 50;

/**
 * Gifts of a stream, newest first, from the one after `after` on: at most `limit` + 1. Superlikes
 * and further receivers' shares lie between them and are passed over.
 */
export async function listGifts(
  streamId: string,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<Gift[]> {
  const gifts: Gift[] = [];
  let place = after === undefined ? undefined : key.gift(streamId, after).SK;
  for (let looked = 0; looked < lookMax; ) {
    const step = Math.max(limit + 1 - gifts.length, stepMin);
    const items = await queryItems(key.gift(streamId, ""), prefix.gifts, {
      limit: step,
      newestFirst: true,
      ...(place !== undefined && { after: place }),
    });
    for (const item of items) if (item.kind === "gift") gifts.push(read(Gift, item));
    if (gifts.length > limit || items.length < step) break;
    looked += items.length;
    place = items.at(-1)?.SK;
  }
  return gifts.slice(0, limit + 1);
}
