import * as z from "zod";
import { OverlayKeyId, StreamId, UserId } from "../id.ts";
import { PageInfo } from "../page.ts";
import { rowsOf, shownText, Timestamp, text } from "../text.ts";

/** The largest number of keys of one stream, or of one channel. */
export const overlayKeysMax = 20;

/**
 * All keys of a host together may have this many times the sockets of one key: several browser
 * sources on each of several machines.
 */
export const fullKeysMax = 4;

/** The body that requests a new key. */
export const NewOverlayKey = z.object({
  description: text(1, 100).nullish().meta({ example: "OBS on the studio's computer" }),
});

/**
 * A key as stored: with the hash of the text that opens sockets, not the text. It reads one stream,
 * or with `channelOf` the newest live stream of that host.
 */
export const OverlayKey = z.object({
  id: OverlayKeyId,
  streamId: StreamId.optional(),
  channelOf: UserId.optional(),
  /** The stream's host; missing in keys that earlier versions made. */
  hostId: UserId.optional(),
  description: shownText(100).nullable(),
  createdBy: UserId,
  createdAt: Timestamp,
  hash: z.string(),
});
export type OverlayKey = z.infer<typeof OverlayKey>;

const ListedOverlayKey = OverlayKey.pick({
  id: true,
  description: true,
  createdAt: true,
}).meta({ id: "OverlayKey" });

export const OverlayKeys = z.object({ list: rowsOf(ListedOverlayKey), pageInfo: PageInfo });

/** What a key may read: a stream, or a host's channel. */
export type OverlayScope = { streamId: string } | { channelOf: string };

/** The response that creates a key: the only one with its text. */
export const CreatedOverlayKey = z
  .object({
    id: OverlayKeyId,
    key: shownText(100).nullable().meta({
      description: "Shown only once; null in a replayed response (Idempotency-Key)",
      example: "ovk_65a1234bcde5678f90123456_Zm9ydHktdGhyZWUgY2hhcmFjdGVycyBvZiBiYXNlNjQ",
    }),
    url: shownText(200).nullable().meta({
      description: "The path of the overlay page, with the key in it; null if `key` is null",
      example: "/overlay?streamId=65a1234bcde5678f90123456&key=ovk_65a1234bcde5678f90123456_…",
    }),
    description: shownText(100).nullable(),
    createdAt: Timestamp,
  })
  .meta({ id: "CreatedOverlayKey" });
type CreatedOverlayKey = z.infer<typeof CreatedOverlayKey>;

/** A key as its list shows it. */
export const listedOverlayKeyOf = ({ id, description, createdAt }: OverlayKey) => ({
  id,
  description,
  createdAt,
});

const placeQuery = ({ streamId, channelOf }: OverlayKey) =>
  channelOf === undefined ? `streamId=${streamId}` : `channel=${channelOf}`;

/** A key with the text that opens sockets. */
export const createdOverlayKeyOf = (stored: OverlayKey, key: string): CreatedOverlayKey => ({
  id: stored.id,
  key,
  url: `/overlay?${placeQuery(stored)}&key=${key}`,
  description: stored.description,
  createdAt: stored.createdAt,
});

/** What an Idempotency-Key remembers of a `CreatedOverlayKey`: everything except the key. */
export const overlayKeyReplay = {
  keep: (created: CreatedOverlayKey): CreatedOverlayKey => ({ ...created, key: null, url: null }),
};

/** A new key as stored. */
export const makeOverlayKey = (
  { description }: z.output<typeof NewOverlayKey>,
  {
    now,
    ...made
  }: Pick<OverlayKey, "id" | "hostId" | "createdBy" | "hash"> & OverlayScope & { now: Date },
): OverlayKey => ({
  ...made,
  description: description ?? null,
  createdAt: now.toISOString(),
});

/** The text of a key: it contains the key's id, so that reading one item is enough. */
export const overlayKeyText = (id: string, secret: string) => `ovk_${id}_${secret}`;

/** The id in a key's text; undefined if the text is not a key. */
export const idInOverlayKey = (key: string) =>
  /^ovk_([0-9a-f]{24})_[A-Za-z0-9_-]{43}$/.exec(key)?.[1];
