import * as z from "zod";
import { StreamId, UserId } from "../../../domain/id.ts";
import { Timestamp } from "../../../domain/text.ts";
import { getItem, parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";

/**
 * A live stream whose followers are not all notified yet, with the progress. The progress is stored
 * only in the table, so that no user is notified twice, however often it is queued.
 */
const OpenNotice = z.object({
  streamId: StreamId,
  hostId: UserId,
  startedAt: Timestamp.nullable(),
  /** The number of finished parts. */
  step: z.number().int().default(0),
  to: z.enum(["followers", "reminded"]).default("followers"),
  after: z.string().optional(),
  /** True if the followers were recently notified of another stream, and so not of this one. */
  isQuiet: z.boolean().default(false),
  movedAt: Timestamp.optional(),
});
export type OpenNotice = z.infer<typeof OpenNotice>;

/** Where the notice continues. */
export type NoticeCursor = Pick<OpenNotice, "to" | "isQuiet"> & { after?: string | undefined };

/** The notice of a stream, read consistently; undefined once all users were notified. */
export async function findNotice(streamId: string): Promise<OpenNotice | undefined> {
  return getItem(OpenNotice, key.notice(streamId), { consistent: true });
}

/** Streams whose followers are not all notified yet. */
export async function listNotices(limit: number): Promise<OpenNotice[]> {
  const items = await queryItems(key.notice(""), prefix.notices, { limit });
  return items.map((item) => parseItem(OpenNotice, item));
}

/** Advances a notice, if it is unchanged; deletes it after the last part. */
export function moveAction(
  { streamId, step }: OpenNotice,
  place: NoticeCursor | undefined,
  now: Date,
) {
  const isFirst = "(:step = :zero AND attribute_not_exists(step))";
  const isHere = `attribute_exists(PK) AND (step = :step OR ${isFirst})`;
  const at = { Key: key.notice(streamId), ConditionExpression: isHere };
  const values = { ":step": step, ":zero": 0 };
  const sets = "SET step = :next, #to = :to, isQuiet = :quiet, movedAt = :now";
  const action: Action = place
    ? {
        label: "notice",
        Update: {
          ...at,
          UpdateExpression: place.after ? `${sets}, #after = :after` : `${sets} REMOVE #after`,
          ExpressionAttributeNames: { "#to": "to", "#after": "after" },
          ExpressionAttributeValues: {
            ...values,
            ":next": step + 1,
            ":to": place.to,
            ":quiet": place.isQuiet,
            ":now": now.toISOString(),
            ...(place.after && { ":after": place.after }),
          },
        },
      }
    : { label: "notice", Delete: { ...at, ExpressionAttributeValues: values } };
  return action;
}

/** The time after an announcement in which a host's followers get no further one. */
const restMilliseconds = 3_600_000;

/**
 * Records that a host's followers are now notified of this stream; returns false if they were
 * notified of another one less than an hour ago.
 */
export async function claimAnnouncement(notice: OpenNotice, now: Date): Promise<boolean> {
  const failed = await commitTransaction([
    {
      Update: {
        Key: key.announcement(notice.hostId),
        UpdateExpression: "SET streamId = :stream, announcedAt = :now",
        ConditionExpression:
          "attribute_not_exists(PK) OR announcedAt <= :since OR streamId = :stream",
        ExpressionAttributeValues: {
          ":stream": notice.streamId,
          ":now": now.toISOString(),
          ":since": new Date(now.getTime() - restMilliseconds).toISOString(),
        },
      },
    },
  ]);
  return failed === undefined;
}
