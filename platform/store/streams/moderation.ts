import { Act } from "../../../domain/streams/moderation.ts";
import { newId } from "../../runtime/id.ts";
import { parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import type { Action } from "../../table/transact.ts";

/** Adds an act to the moderation log, in the transaction that performs it. */
export function actAction(streamId: string, act: Omit<Act, "id">): Action {
  const id = newId(new Date(act.at));
  return { Put: { Item: { ...key.act(streamId, id), id, ...act } } };
}

/** A stream's moderation acts, newest first, after the act `after`. */
export async function listActs(
  streamId: string,
  limit: number,
  after: string | undefined,
): Promise<Act[]> {
  const from = after === undefined ? {} : { after: key.act(streamId, after).SK };
  const walk = { limit, newestFirst: true, ...from };
  const items = await queryItems(key.act(streamId, ""), prefix.acts, walk);
  return items.map((item) => parseItem(Act, item));
}
