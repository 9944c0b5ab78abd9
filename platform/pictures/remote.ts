import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { shownId } from "../../domain/id.ts";
import { thumbnailFrom } from "../../domain/streams/thumbnail.ts";
import { isPictureAt, shownUrl } from "../../domain/text.ts";
import { sendMessages } from "../aws/queues.ts";
import { hashOf } from "../aws/sign.ts";
import { readEach } from "../lambda/consumer.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { type Item, parseItem, unmarshallItem } from "../table/items.ts";
import { readKey } from "../table/keys.ts";

const Named = z.object({
  kind: z.enum(["profile", "stream"]),
  id: z.string(),
  tries: z.number().int(),
});

/**
 * A picture at another host: the user or stream with its URL, and the attempts so far. The URL is
 * read from there, since it may contain a secret and dead letters contain only ids; `of` tells
 * whether it is still the same one. Messages of earlier versions contain the URL.
 */
export const RemotePicture = z.union([
  Named.extend({ of: z.string() }),
  Named.extend({ url: shownUrl }).transform(({ url, ...named }) => ({ ...named, of: markOf(url) })),
]);
export type RemotePicture = z.infer<typeof RemotePicture>;

/** A URL's mark in messages. */
export const markOf = (url: string) => hashOf(url).slice(0, 16);

const InProfile = z.object({ picture: shownUrl, pictureId: shownId.optional() });
const InStream = z.object({
  thumbnailUrl: shownUrl,
  pictureId: z.string().optional(),
  deletedAt: z.string().nullable(),
});

/** Queues pictures at other hosts to be fetched, each when its URL is written. */
export async function queuePictures(records: readonly DynamoDBRecord[]): Promise<void> {
  const pictures = readEach(records, ({ dynamodb }) => {
    const picture = pictureIn(unmarshallItem(dynamodb?.NewImage));
    const was = pictureIn(unmarshallItem(dynamodb?.OldImage));
    return picture === undefined || picture.of === was?.of ? [] : [picture];
  });
  const messages = pictures.map((body) => ({ body }));
  await waitForAll(sendMessages(setting("FETCHES_QUEUE_URL"), messages));
}

/** The picture at another host in an item; undefined if it has none. */
function pictureIn(image: Item | undefined): RemotePicture | undefined {
  if (image === undefined) return undefined;
  const { kind, owner: id } = readKey(image);
  if (kind !== "profile" && kind !== "stream") return undefined;
  const url = kind === "profile" ? urlInProfile(image) : urlInStream(image);
  return url === undefined ? undefined : { kind, id, of: markOf(url), tries: 0 };
}

function urlInProfile(image: Item): string | undefined {
  const { picture, pictureId } = parseItem(InProfile, image);
  return picture === "" || isPictureAt(picture, pictureId) ? undefined : picture;
}

function urlInStream(image: Item): string | undefined {
  const { deletedAt, ...stream } = parseItem(InStream, image);
  return deletedAt === null ? thumbnailFrom(stream, setting("DEFAULT_THUMBNAIL")) : undefined;
}
