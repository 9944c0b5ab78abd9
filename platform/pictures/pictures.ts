import * as z from "zod";
import { Picture, type PictureFile } from "../../domain/picture.ts";
import { bucket, pageKeys } from "../aws/bucket.ts";
import { setting } from "../runtime/env.ts";
import { deleteItem, getItem, getItems, nameOf, putItem } from "../table/items.ts";
import { key } from "../table/keys.ts";
import { countUse } from "../table/rates.ts";
import type { Action } from "../table/transact.ts";

/** A picture whose bytes are stored, and what records it with the thing that shows it. */
type KeptPicture = { id: string; url: string; actions: Action[] };

/** Who sends it, the clock, new ids, and what ends a call that was answered before. */
type Keeping = {
  caller: { userId: string };
  now: Date;
  newId: () => string;
  assertNew?: () => Promise<void>;
};

/**
 * Stores the bytes of a picture, which count against what its sender may upload in a day. It is
 * there for nobody until the actions are committed, so what is never committed leaves only an
 * orphan, which the sweep removes.
 */
export async function keepPicture(
  file: PictureFile,
  { caller, now, newId, assertNew }: Keeping,
): Promise<KeptPicture> {
  await assertNew?.();
  const id = newId();
  const { bytes, mediaType } = file;
  await countUse("uploads", caller.userId, now, Math.ceil(bytes.length / 1024));
  await bucket().put(id, bytes);
  const picture: Picture = { id, mediaType, size: bytes.length, createdAt: now.toISOString() };
  const Put = {
    Item: { ...key.picture(id), ...picture },
    ConditionExpression: "attribute_not_exists(PK)",
  };
  const url = `${setting("PICTURES_URL")}/${id}`;
  return { id, url, actions: [{ label: "picture", Put }] };
}

/** The same for a field that may also be an address, or empty: undefined where it is no file. */
export const keepIfFile = async (given: PictureFile | string | undefined, keeping: Keeping) =>
  typeof given === "object" ? keepPicture(given, keeping) : undefined;

/** The actions by which a picture, if there is one, is there for nobody any more. */
export const forgetPicture = (id: string | undefined): Action[] =>
  id === undefined ? [] : [{ label: "picture", Delete: { Key: key.picture(id) } }];

/** A picture with its bytes, as soon as it is recorded; undefined where there is none. */
export async function findPicture(
  id: string,
): Promise<(Picture & { bytes: Uint8Array }) | undefined> {
  const place = key.picture(id);
  // One that was recorded a moment ago is found by the second read.
  const picture =
    (await getItem(Picture, place)) ?? (await getItem(Picture, place, { consistent: true }));
  const bytes = picture && (await bucket().get(id));
  return picture && bytes && { ...picture, bytes };
}

/** How old an object must be to be an orphan: the call that stored it ended long ago. */
const orphanSeconds = 3600;

/** No page is begun after this, in milliseconds; the next sweep goes on there. */
const sweepMilliseconds = 30_000;

const Place = z.object({ after: z.string() });

/** Removes the objects that no item names. Answers how many it looked at and removed. */
export async function sweepPictures(now: Date): Promise<{ seen: number; removed: number }> {
  const until = Date.now() + sweepMilliseconds;
  const latest = Math.floor(now.getTime() / 1000) - orphanSeconds;
  let after = (await getItem(Place, key.pictureSweep(), { consistent: true }))?.after ?? "";
  const counts = { seen: 0, removed: 0 };
  for (;;) {
    const ids = await bucket().list(after);
    const old = ids.filter((id) => /^[0-9a-f]{24}$/.test(id) && secondsOf(id) <= latest);
    const named = await getItems(old.map(key.picture), { consistent: true });
    const orphans = old.filter((id) => !named.has(nameOf(key.picture(id))));
    if (orphans.length > 0) await bucket().remove(orphans);
    counts.seen += ids.length;
    counts.removed += orphans.length;
    after = ids.at(-1) ?? "";
    if (ids.length < pageKeys) {
      await deleteItem(key.pictureSweep());
      return counts;
    }
    if (Date.now() > until) {
      await putItem({ ...key.pictureSweep(), after });
      return counts;
    }
  }
}

/** When an id was made, in seconds since 1970: it begins with that. */
const secondsOf = (id: string) => Number.parseInt(id.slice(0, 8), 16);
