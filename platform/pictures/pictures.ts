import * as z from "zod";
import { Picture, type PictureFile, pictureIdOf, pictureName } from "../../domain/picture.ts";
import { refuse } from "../../domain/refusal.ts";
import { bucket, pageKeys } from "../aws/bucket.ts";
import { setting } from "../runtime/env.ts";
import { deleteItem, getItem, getItems, keyText, putItem } from "../table/items.ts";
import { key } from "../table/keys.ts";
import { countUse } from "../table/rates.ts";
import type { Action } from "../table/transact.ts";
import { resizePicture } from "./resize.ts";
import type { Sizes } from "./resize-worker.ts";

/** A picture whose bytes are stored, and the actions that record it with the item that shows it. */
type KeptPicture = { id: string; url: string; actions: Action[] };

/**
 * The sender, the clock, new ids, and a check that ends a repeated call. `field` names a field
 * whose picture must be decodable.
 */
type Keeping = {
  field?: string;
  caller: { userId: string };
  now: Date;
  newId: () => string;
  assertNew?: () => Promise<void>;
};

/** The least kilobytes that a picture counts: even a file of one may take a second to decode. */
const kilobytesMin = 100;

/** What a picture counts against its user's daily uploads. */
export const kilobytesOf = ({ bytes }: Pick<PictureFile, "bytes">): number =>
  Math.max(kilobytesMin, Math.ceil(bytes.length / 1024));

/**
 * Stores the bytes and the other sizes of a picture, which count against its sender's daily
 * uploads. It is not visible until the actions are committed; if they never are, the sweep removes
 * the orphans.
 */
export async function keepPicture(
  file: PictureFile,
  { field, caller, now, newId, assertNew }: Keeping,
): Promise<KeptPicture> {
  await assertNew?.();
  const { bytes } = file;
  await countUse("uploads", caller.userId, now, kilobytesOf(file));
  const made = await resizePicture(bytes);
  if (made === undefined && field !== undefined)
    refuse("request_invalid", { problem: `${field}: expected a picture that can be decoded` });
  return storePicture(file, made, { now, newId });
}

/** Stores a picture's bytes and its other sizes. The sweep removes them if no action records it. */
export async function storePicture(
  { bytes, mediaType }: PictureFile,
  made: Sizes | undefined,
  { now, newId }: Pick<Keeping, "now" | "newId">,
): Promise<KeptPicture> {
  const id = pictureIdOf(newId(), bytes.length);
  const { mediaType: variantType, sizes = [] } = made ?? {};
  await Promise.all([
    bucket().put(id, bytes),
    ...sizes.map(({ side, bytes }) => bucket().put(`${id}-${side}`, bytes)),
  ]);
  const createdAt = now.toISOString();
  const size = bytes.length;
  const picture: Picture = { id, mediaType, size, ...(variantType && { variantType }), createdAt };
  const Put = {
    Item: { ...key.picture(id), ...picture },
    ConditionExpression: "attribute_not_exists(PK)",
  };
  const url = `${setting("PICTURES_URL")}/${id}`;
  return { id, url, actions: [{ label: "picture", Put }] };
}

/** Keeps the picture of a field that may also be a URL or empty; undefined if it is no file. */
export const keepIfFile = async (given: PictureFile | string | undefined, keeping: Keeping) =>
  typeof given === "object" ? keepPicture(given, keeping) : undefined;

/** The actions that make a picture, if there is one, unavailable. */
export const forgetPicture = (id: string | undefined): Action[] =>
  id === undefined ? [] : [{ label: "picture", Delete: { Key: key.picture(id) } }];

/** A picture's file: its name, media type and bytes. */
type FoundPicture = { name: string; mediaType: string; bytes: Uint8Array };

/**
 * A picture by its name (its id, and `-40` after it for another size), as soon as it is recorded;
 * undefined if there is none. If it has no other sizes, every size returns the original.
 */
export async function findPicture(name: string): Promise<FoundPicture | undefined> {
  const [, id = "", side] = pictureName.exec(name) ?? [];
  if (id === "") return undefined;
  const place = key.picture(id);
  // The second read finds a picture that was just recorded.
  const picture =
    (await getItem(Picture, place)) ?? (await getItem(Picture, place, { consistent: true }));
  if (picture === undefined) return undefined;
  const { variantType } = picture;
  const isOther = side !== undefined && variantType !== undefined;
  const bytes = await bucket().get(isOther ? name : id);
  const mediaType = isOther ? variantType : picture.mediaType;
  return bytes && { name, mediaType, bytes };
}

/** How old an orphaned object must be: old enough that the call that stored it has ended. */
const orphanSeconds = 3600;

/** After this, in milliseconds, no page is begun; the next sweep continues there. */
const sweepMilliseconds = 30_000;

const Place = z.object({ after: z.string() });

/** Removes the objects that no item refers to. Returns how many it examined and removed. */
export async function sweepPictures(now: Date): Promise<{ seen: number; removed: number }> {
  const until = Date.now() + sweepMilliseconds;
  const latest = Math.floor(now.getTime() / 1000) - orphanSeconds;
  let after = (await getItem(Place, key.pictureSweep(), { consistent: true }))?.after ?? "";
  const counts = { seen: 0, removed: 0 };
  for (;;) {
    const names = await bucket().list(after);
    const old = names.filter((name) => pictureName.test(name) && secondsOf(name) <= latest);
    const ids = [...new Set(old.map(idOf))];
    const named = await getItems(ids.map(key.picture), { consistent: true });
    const orphans = old.filter((name) => !named.has(keyText(key.picture(idOf(name)))));
    if (orphans.length > 0) await bucket().remove(orphans);
    counts.seen += names.length;
    counts.removed += orphans.length;
    after = names.at(-1) ?? "";
    if (names.length < pageKeys) {
      await deleteItem(key.pictureSweep());
      return counts;
    }
    if (Date.now() > until) {
      await putItem({ ...key.pictureSweep(), after });
      return counts;
    }
  }
}

/** The id of the picture with this file name. */
const idOf = (name: string) => name.slice(0, 24);

/** When an id was made, in seconds since 1970: its first part. */
const secondsOf = (name: string) => Number.parseInt(name.slice(0, 8), 16);
