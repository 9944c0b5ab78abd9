import { withFetchedPhoto } from "../../domain/people/profile-change.ts";
import { PictureFile, pictureBytesMax } from "../../domain/picture.ts";
import { thumbnailFrom } from "../../domain/streams/thumbnail.ts";
import { timeAfter } from "../../domain/text.ts";
import { sendAt } from "../aws/queues.ts";
import { getFile } from "../outbound/get.ts";
import { NotCalled, TooLarge } from "../outbound/request.ts";
import { setting } from "../runtime/env.ts";
import { newId } from "../runtime/id.ts";
import { logNotice } from "../runtime/log.ts";
import { replaceAction } from "../store/people/profile-changes.ts";
import { findProfile } from "../store/people/users.ts";
import { streamAction } from "../store/streams/stream-changes.ts";
import { findStream } from "../store/streams/streams.ts";
import { conflicted, retryOnConflict } from "../table/conflicts.ts";
import { tryUse } from "../table/rates.ts";
import { type Action, commitTransaction } from "../table/transact.ts";
import { forgetPicture, kilobytesOf, storePicture } from "./pictures.ts";
import { markOf, type RemotePicture } from "./remote.ts";
import { resizePicture } from "./resize.ts";

/** Seconds before the second and the third attempt; there is no fourth. */
const pausesSeconds = [60, 900];

/** Statuses that are worth a retry, in addition to all from 500. */
const retryStatuses: readonly number[] = [408, 425, 429];

/**
 * The picture's URL, the user whose fetches and uploads it counts against, and the writes that
 * replace the URL by the copy's.
 */
type Naming = {
  url: string;
  countedFor?: string;
  replace: (picture: { id: string; url: string }) => Action[];
};

/**
 * Fetches a picture from another host and replaces its URL by the copy's, if the user or stream
 * still has that URL. After three attempts the URL stays: an operator could not fix a dead link.
 */
export async function fetchPicture(message: RemotePicture, now: Date): Promise<void> {
  const naming = await findNaming(message, now);
  if (naming === undefined) return;
  const { url, countedFor } = naming;
  if (countedFor !== undefined && !(await tryUse("fetches", countedFor, now)))
    return giveUp(message, "too many today");
  const found = await get(url);
  if ("passing" in found) return tryLater(message, found.passing, now);
  if ("problem" in found) return giveUp(message, found.problem);
  const { data: file, error } = PictureFile.safeParse(found);
  if (file === undefined) return giveUp(message, error.issues.map((issue) => issue.message).join());
  const kilobytes = kilobytesOf(file);
  if (countedFor !== undefined && !(await tryUse("uploads", countedFor, now, kilobytes)))
    return giveUp(message, "too many kilobytes today");
  const made = await resizePicture(file.bytes);
  if (made === undefined) return giveUp(message, "expected a picture that can be decoded");
  const picture = await storePicture(file, made, { now, newId: () => newId(now) });
  await retryOnConflict(async () => {
    const still = await findNaming(message, now);
    if (still === undefined) return undefined;
    const failed = await commitTransaction([...still.replace(picture), ...picture.actions]);
    return failed === undefined ? undefined : conflicted;
  });
}

/** Reads the item with the URL; undefined if it has another one by now, or was deleted. */
async function findNaming(message: RemotePicture, now: Date): Promise<Naming | undefined> {
  const named = message.kind === "profile" ? namedByUser : namedByStream;
  const naming = await named(message, now);
  return naming && markOf(naming.url) === message.of ? naming : undefined;
}

async function namedByUser({ id }: RemotePicture, now: Date): Promise<Naming | undefined> {
  const was = await findProfile(id, { consistent: true });
  if (was === undefined) return undefined;
  const at = new Date(timeAfter(was.updatedAt, now.toISOString()));
  return {
    url: was.picture,
    countedFor: id,
    replace: (picture) => [replaceAction(was, withFetchedPhoto(was, picture, at))],
  };
}

/** Covers of rooms, which back ends create, count against no user. */
async function namedByStream({ id }: RemotePicture, now: Date): Promise<Naming | undefined> {
  const was = await findStream(id, { consistent: true });
  if (was === undefined) return undefined;
  const url = thumbnailFrom(was, setting("DEFAULT_THUMBNAIL"));
  if (url === undefined) return undefined;
  const change = (picture: { id: string; url: string }) =>
    streamAction(was, { thumbnailUrl: picture.url, pictureId: picture.id }, now);
  return {
    url,
    ...(was.roomId === null && { countedFor: was.hostId }),
    replace: (picture) => [change(picture), ...forgetPicture(was.pictureId)],
  };
}

type Found = { bytes: Uint8Array<ArrayBuffer> } | { problem: string } | { passing: string };

/** The bytes at a URL, or why there are none: a final `problem`, or a `passing` one to retry. */
async function get(url: string): Promise<Found> {
  try {
    const { status, bytes } = await getFile(url, { accept: "image/*", bytesMax: pictureBytesMax });
    if (status === 200) return { bytes };
    const isTransient = status >= 500 || retryStatuses.includes(status);
    return isTransient ? { passing: `answered ${status}` } : { problem: `answered ${status}` };
  } catch (error) {
    const { message } = error as Error;
    const isFinal = error instanceof NotCalled || error instanceof TooLarge;
    return isFinal ? { problem: message } : { passing: message };
  }
}

async function tryLater(message: RemotePicture, problem: string, now: Date): Promise<void> {
  const pause = pausesSeconds[message.tries];
  if (pause === undefined) return giveUp(message, problem);
  const at = new Date(now.getTime() + pause * 1000);
  const again = { ...message, tries: message.tries + 1 };
  await sendAt(setting("FETCHES_QUEUE_URL"), again, { at, now });
}

/** The URL is not logged: it may contain a secret of its user. */
function giveUp({ kind, id, tries }: RemotePicture, problem: string): void {
  logNotice("A picture of another host was not fetched", { kind, id, tries, problem });
}
