import { refuse } from "../../../domain/refusal.ts";
import { idInOverlayKey, OverlayKey, overlayKeysMax } from "../../../domain/streams/overlay-key.ts";
import { hashOfSecret } from "../../secret.ts";
import { getItem, type Reading } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { type Reply, record } from "../../table/record.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";

/**
 * Records a new key of a stream with the reply to its call, unless the stream has as many as it may
 * have. Refuses with `too_many_overlay_keys`.
 */
export async function recordOverlayKey<Answer>(
  overlayKey: OverlayKey,
  reply: Reply<Answer>,
): Promise<Answer> {
  const { streamId, id } = overlayKey;
  const put: Action = { Put: { Item: { ...key.overlayKey(streamId, id), ...overlayKey } } };
  if ((await record([put, countAction(streamId, 1)], reply)) !== undefined)
    refuse("too_many_overlay_keys", { max: overlayKeysMax });
  return reply.answer;
}

/** Removes a key of a stream; answers whether it was there. */
export async function removeOverlayKey(streamId: string, id: string): Promise<boolean> {
  const remove: Action = {
    label: "key",
    Delete: {
      Key: key.overlayKey(streamId, id),
      ConditionExpression: "attribute_exists(PK)",
    },
  };
  return !(await record([remove, countAction(streamId, -1)]))?.has("key");
}

/** Keeps how many keys a stream has, so that of many calls at once none passes the bound. */
const countAction = (streamId: string, change: 1 | -1): Action => ({
  Update: {
    Key: key.overlayKeyCount(streamId),
    UpdateExpression: "ADD #count :change",
    ConditionExpression: "attribute_not_exists(#count) OR #count < :max",
    ExpressionAttributeNames: { "#count": "count" },
    ExpressionAttributeValues: { ":change": change, ":max": overlayKeysMax + (change < 0 ? 1 : 0) },
  },
});

/** A stream's keys, newest first, after the key `after`. */
export async function listOverlayKeys(
  streamId: string,
  limit: number,
  after: string | undefined,
): Promise<OverlayKey[]> {
  const from = after === undefined ? {} : { after: key.overlayKey(streamId, after).SK };
  const walk = { limit, newestFirst: true, ...from };
  const items = await queryItems(key.overlayKey(streamId, ""), prefix.overlayKeys, walk);
  return items.map((item) => read(OverlayKey, item));
}

/** A stream's key, if it is there. */
export const findOverlayKey = (streamId: string, id: string, reading: Reading = {}) =>
  getItem(OverlayKey, key.overlayKey(streamId, id), reading);

/** The stream's key with this text: undefined for another stream's, a revoked and a made-up one. */
export async function findOverlayKeyByText(
  streamId: string,
  text: string,
): Promise<OverlayKey | undefined> {
  const id = idInOverlayKey(text);
  const found = id && (await findOverlayKey(streamId, id, { consistent: true }));
  return found && found.hash === hashOfSecret(text) ? found : undefined;
}
