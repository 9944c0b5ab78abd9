import * as z from "zod";
import { Moment } from "../audience/moment.ts";
import { StreamId } from "../id.ts";
import { Notification } from "../people/notification.ts";
import { Timestamp } from "../text.ts";
import { type EventType, eventData } from "./event.ts";
import { Epoch, FrameNumber } from "./recovery.ts";
import { RequestId } from "./subscriber.ts";
import { Sums } from "./sums.ts";

const requestId = RequestId.optional().meta({ description: "The `requestId` of the request" });
const viewers = z
  .number()
  .int()
  .min(0)
  .meta({ description: "The number of distinct subscribed users" });

const sums = Sums.optional().meta({
  description:
    "The sums that changed since the previous frame, by name: `likes`, or the id of " +
    "a moment (for a poll, the votes per option)",
});

const event = (type: EventType) =>
  z
    .object({
      id: z
        .string()
        .meta({ description: "Unique in the stream; stays the same if the event is sent again" }),
      type: z.literal(type),
      at: Timestamp,
      data: eventData[type],
    })
    .meta({ id: `event.${type}` });

/** Every message that the server sends, by its name in the documentation. */
export const serverMessages = {
  events: z
    .object({
      type: z.literal("events"),
      streamId: StreamId,
      epoch: Epoch,
      frame: FrameNumber.meta({ description: "1, 2, 3 … in each stream, without gaps" }),
      viewers,
      skipped: z.number().int().min(0).meta({
        description:
          "How many chat messages were left out under load; they are in the chat history",
      }),
      sums,
      events: z.array(z.union((Object.keys(eventData) as EventType[]).map(event))),
    })
    .meta({ description: "A frame: the next events of a stream, at most 32,000 bytes" }),
  compact: z
    .object({
      type: z.literal("compact"),
      streamId: StreamId,
      epoch: Epoch,
      frame: FrameNumber,
      viewers,
      skipped: z.number().int().min(0),
      sums,
      users: z.array(z.array(z.unknown())).meta({
        description:
          "StreamUser as [_id, username, name, surname, photo's _id, url, variants 40, " +
          "76, createdAt, updatedAt, role]. 0 means the same as the user's _id (in the " +
          "photo's _id), as url (in the variants) or as createdAt (in updatedAt). Without " +
          "a role, the list ends before it",
      }),
      giftTypes: z.array(z.unknown()),
      groups: z
        .array(
          z.object({
            type: z.string(),
            count: z.number().int(),
            columns: z.record(z.string(), z.union([z.array(z.unknown()), z.string()])),
          }),
        )
        .meta({
          description:
            "Events of one type whose data have the same fields. A column has one value per " +
            "row, or one for all rows, or is the text `<prefix>=<column>`: the prefix " +
            "followed by that column's value. Column names: `` is the event's id, `at` its " +
            "time, `.name` a field, `@name` an index in users, `@@name` a list of such " +
            "indexes, `#name` an index in giftTypes",
        }),
      order: z.array(z.number().int()).optional().meta({
        description:
          "For each event in order, the index of its group; absent if there is only one group",
      }),
    })
    .meta({ description: "The same frame in a denser form, with `?frame=compact`" }),
  deflate: z.object({ type: z.literal("deflate"), data: z.string() }).meta({
    description: "A `compact` frame of more than 2 KB, deflated (RFC 1951) and encoded as Base64",
  }),
  subscribed: z
    .object({
      type: z.literal("subscribed"),
      streamId: StreamId,
      epoch: Epoch,
      head: FrameNumber.meta({ description: "Live frames start after this number" }),
      recovered: z
        .boolean()
        .optional()
        .meta({
          description:
            "Present if the request had `since`: true if all frames after it follow, false " +
            "if none does",
        }),
      viewers,
      sums: Sums.optional().meta({
        description: "The likes and the sums of the open moments; only if no frames are replayed",
      }),
      moments: z
        .array(Moment)
        .optional()
        .meta({ description: "The open moments; only together with `sums`" }),
      requestId,
    })
    .meta({ description: "The response to `subscribe`" }),
  unsubscribed: z
    .object({
      type: z.literal("unsubscribed"),
      streamId: StreamId,
      reason: z.enum(["blocked", "pass"]).optional(),
      requestId,
    })
    .meta({
      description:
        "The response to `unsubscribe`; with a `reason`, the server ended the subscription",
    }),
  moved: z
    .object({
      type: z.literal("moved"),
      streamId: StreamId,
      url: z
        .string()
        .meta({ description: "The address at which to open a socket for this stream" }),
      ticket: z
        .string()
        .optional()
        .meta({
          description:
            "A new ticket for that socket if this one was opened with a ticket; otherwise " +
            "use the same token",
        }),
      requestId,
    })
    .meta({
      description:
        "The response to `subscribe` if a relay serves the stream and the socket has " +
        "`?moves=1`: open a socket there, with `streamId` and `since`",
    }),
  channel: z.object({ type: z.literal("channel"), streamId: StreamId.nullable() }).meta({
    description:
      "Sent to a channel overlay when it connects and at each change: the host's " +
      "newest live stream, to which the socket is now subscribed; null if none is " +
      "live",
  }),
  pong: z
    .object({
      type: z.literal("pong"),
      heads: z.record(z.string(), FrameNumber).meta({
        description:
          "All streams of this connection, each with the number of its newest posted frame",
      }),
      requestId,
    })
    .meta({ description: "The response to `ping`" }),
  error: z
    .object({
      type: z.literal("error"),
      statusCode: z.number().int(),
      code: z.string().meta({ description: "The code of the refusal, such as stream_not_found" }),
      errors: z.array(z.string()).min(1),
      requestId,
    })
    .meta({
      description: "A refusal: first the general sentence of the status, then the specific problem",
    }),
  notification: z.object({ type: z.literal("notification"), data: Notification }).meta({
    description: "A new notification for the connected user; a repeated one has the same id",
  }),
  closing: z
    .object({
      type: z.literal("closing"),
      code: z.number().int().min(4000).max(4999),
      reason: z.string(),
    })
    .meta({
      description:
        "The server closes the connection within 10 s. Codes 4000 to 4499: reconnect " +
        "(4401 with a new token). Codes 4500 to 4999: do not reconnect",
    }),
} as const;
