import { Ban, type BanFilter, isListed, ListedBan } from "../../../domain/streams/ban.ts";
import { listItems } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { read } from "../../table/table.ts";

/** Bans of one host's streams that a list looks at: their newest. */
const lookMax = 1_000;

/** The bans of a host's streams that fit the filter and are not lifted, newest first. */
export async function listBans(hostId: string, filter: BanFilter): Promise<ListedBan[]> {
  const walk = { limit: lookMax, newestFirst: true, consistent: true };
  const items = await queryItems(key.hostedBan(hostId, ""), prefix.hostedBans, walk);
  return items.map((item) => read(ListedBan, item)).filter((ban) => isListed(ban, filter));
}

/** Bans by their ids, in that order. */
export const findBans = (banIds: readonly string[]): Promise<Ban[]> =>
  listItems(
    Ban,
    banIds.map((banId) => key.ban(banId)),
  );
