import { refuse } from "../../../domain/refusal.ts";
import {
  idInOverlayKey,
  OverlayKey,
  type OverlayScope,
  overlayKeysMax,
} from "../../../domain/streams/overlay-key.ts";
import { hashOfSecret } from "../../auth/secret.ts";
import { getItem, parseItem, type ReadOptions } from "../../table/items.ts";
import { channelOf, key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { type Action, commitTransaction, type Reply } from "../../table/transact.ts";

/** The id under which the table has the overlay keys of a stream or channel. */
const ownerOf = (place: OverlayScope): string =>
  "channelOf" in place ? channelOf(place.channelOf) : place.streamId;

/**
 * Records a new key with the reply to its call, unless the stream or channel has too many. Refuses
 * with `too_many_overlay_keys`.
 */
export async function recordOverlayKey<Answer>(
  place: OverlayScope,
  overlayKey: OverlayKey,
  reply: Reply<Answer>,
): Promise<Answer> {
  const owner = ownerOf(place);
  const put: Action = { Put: { Item: { ...key.overlayKey(owner, overlayKey.id), ...overlayKey } } };
  if ((await commitTransaction([put, countAction(owner, 1)], reply)) !== undefined)
    refuse("too_many_overlay_keys", { max: overlayKeysMax });
  return reply.answer;
}

/** Removes a key; returns whether it existed. */
export async function removeOverlayKey(place: OverlayScope, id: string): Promise<boolean> {
  const owner = ownerOf(place);
  const remove: Action = {
    label: "key",
    Delete: {
      Key: key.overlayKey(owner, id),
      ConditionExpression: "attribute_exists(PK)",
    },
  };
  return !(await commitTransaction([remove, countAction(owner, -1)]))?.has("key");
}

/** Counts the keys, so that concurrent calls cannot exceed the limit. */
const countAction = (owner: string, change: 1 | -1): Action => ({
  Update: {
    Key: key.overlayKeyCount(owner),
    UpdateExpression: "ADD #count :change",
    ConditionExpression: "attribute_not_exists(#count) OR #count < :max",
    ExpressionAttributeNames: { "#count": "count" },
    ExpressionAttributeValues: { ":change": change, ":max": overlayKeysMax + (change < 0 ? 1 : 0) },
  },
});

/** The keys of a stream or channel, newest first, after the key `after`. */
export async function listOverlayKeys(
  place: OverlayScope,
  limit: number,
  after: string | undefined,
): Promise<OverlayKey[]> {
  const owner = ownerOf(place);
  const from = after === undefined ? {} : { after: key.overlayKey(owner, after).SK };
  const walk = { limit, newestFirst: true, ...from };
  const items = await queryItems(key.overlayKey(owner, ""), prefix.overlayKeys, walk);
  return items.map((item) => parseItem(OverlayKey, item));
}

/** A key of a stream or channel, if it exists. */
export const findOverlayKey = (place: OverlayScope, id: string, reading: ReadOptions = {}) =>
  getItem(OverlayKey, key.overlayKey(ownerOf(place), id), reading);

/** The key, read consistently; refuses with `overlay_key_not_found`. */
export const getOverlayKey = async (place: OverlayScope, id: string): Promise<OverlayKey> =>
  (await findOverlayKey(place, id, { consistent: true })) ??
  refuse("overlay_key_not_found", { keyId: id });

/** The key with this text; undefined if it is revoked, invented or another stream's. */
export async function findOverlayKeyByText(
  place: OverlayScope,
  text: string,
): Promise<OverlayKey | undefined> {
  const id = idInOverlayKey(text);
  const found = id && (await findOverlayKey(place, id, { consistent: true }));
  return found && found.hash === hashOfSecret(text) ? found : undefined;
}
