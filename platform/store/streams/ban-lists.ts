import { BatchGetCommand } from "@aws-sdk/lib-dynamodb";
import { Ban, type BanFilter, isListed, ListedBan } from "../../../domain/streams/ban.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { read, table, tableName } from "../../table/table.ts";

/** Bans of one host's streams that a list looks at: their newest. */
const lookMax = 1_000;

/** The bans of a host's streams that fit the filter and are not lifted, newest first. */
export async function listBans(hostId: string, filter: BanFilter): Promise<ListedBan[]> {
  const walk = { limit: lookMax, newestFirst: true, consistent: true };
  const items = await queryItems(key.hostedBan(hostId, ""), prefix.hostedBans, walk);
  return items.map((item) => read(ListedBan, item)).filter((ban) => isListed(ban, filter));
}

/** Bans by their ids, at most 100, in that order. */
export async function findBans(banIds: readonly string[]): Promise<Ban[]> {
  const found = new Map<string, Ban>();
  let Keys = banIds.map((banId) => key.ban(banId));
  while (Keys.length > 0) {
    const request = { RequestItems: { [tableName()]: { Keys } } };
    const { Responses, UnprocessedKeys } = await table().send(new BatchGetCommand(request));
    for (const item of Responses?.[tableName()] ?? []) {
      const ban = read(Ban, item);
      found.set(ban.id, ban);
    }
    Keys = (UnprocessedKeys?.[tableName()]?.Keys ?? []) as typeof Keys;
  }
  return banIds.flatMap((banId) => found.get(banId) ?? []);
}
