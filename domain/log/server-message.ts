import * as z from "zod";
import { Moment } from "../audience/moment.ts";
import { StreamId } from "../id.ts";
import { Notification } from "../people/notification.ts";
import { Timestamp } from "../text.ts";
import { type EventType, eventData } from "./event.ts";
import { Epoch, FrameNumber } from "./recovery.ts";
import { RequestId } from "./subscriber.ts";
import { Sums } from "./sums.ts";

const requestId = RequestId.optional().meta({ description: "The one that the request had" });
const viewers = z.number().int().min(0).meta({ description: "Distinct subscribed users" });

const sums = Sums.optional().meta({
  description:
    "The new values of the sums that changed since the frame before, by name: `likes`, or the id " +
    "of a moment (of a poll the votes by option)",
});

const event = (type: EventType) =>
  z
    .object({
      id: z
        .string()
        .meta({ description: "Unique in the stream; the same whenever it comes again" }),
      type: z.literal(type),
      at: Timestamp,
      data: eventData[type],
    })
    .meta({ id: `event.${type}` });

/** Every message that the server sends, by the name under which the documentation has it. */
export const serverMessages = {
  events: z
    .object({
      type: z.literal("events"),
      streamId: StreamId,
      epoch: Epoch,
      frame: FrameNumber.meta({ description: "1, 2, 3 … in each stream, without a hole" }),
      viewers,
      skipped: z.number().int().min(0).meta({
        description:
          "Chat messages left out because the post rate was reached; the history has them",
      }),
      sums,
      events: z.array(z.union((Object.keys(eventData) as EventType[]).map(event))),
    })
    .meta({ description: "A frame: what happened in a stream, at most 32,000 bytes" }),
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
          "StreamUser as [_id, username, name, surname, photo's _id, url, variants 40, 76, createdAt, " +
          "updatedAt, role]; 0 stands for: the user's _id, the url (twice), createdAt; without a " +
          "role it ends before it",
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
            "Events of one type whose data have the same fields. A column has a value a row, or one for " +
            "all, or is text `<prefix>=<column>`: the prefix and that column's value. `` is the event's " +
            "id, `at` its time, `.name` a field, `@name` a place in users, `@@name` a list of them, " +
            "`#name` a place in giftTypes",
        }),
      order: z.array(z.number().int()).optional().meta({
        description: "The group of each event, each group's in their order; absent with one group",
      }),
    })
    .meta({ description: "With `?frame=compact`: the same frame, denser" }),
  deflate: z.object({ type: z.literal("deflate"), data: z.string() }).meta({
    description:
      "With `?frame=compact`: a `compact` frame of more than 2 KB, as base64 of its deflated text " +
      "(RFC 1951)",
  }),
  subscribed: z
    .object({
      type: z.literal("subscribed"),
      streamId: StreamId,
      epoch: Epoch,
      head: FrameNumber.meta({ description: "Live frames begin after this one" }),
      recovered: z.boolean().optional().meta({
        description:
          "There when `since` was: true means that every frame after it follows, false that none does",
      }),
      viewers,
      sums: Sums.optional().meta({
        description: "Where nothing is replayed: the likes, and the sums of the open moments",
      }),
      moments: z.array(Moment).optional().meta({ description: "With `sums`: the open moments" }),
      requestId,
    })
    .meta({ description: "The answer to `subscribe`" }),
  unsubscribed: z
    .object({
      type: z.literal("unsubscribed"),
      streamId: StreamId,
      reason: z.enum(["blocked", "pass"]).optional(),
      requestId,
    })
    .meta({
      description: "The answer to `unsubscribe`, or, with a reason, the end of a subscription",
    }),
  moved: z
    .object({
      type: z.literal("moved"),
      streamId: StreamId,
      url: z.string().meta({ description: "Where a socket with this stream is to be opened" }),
      ticket: z.string().optional().meta({
        description: "Opens it, where a ticket had opened this one; else the same token does",
      }),
      requestId,
    })
    .meta({
      description:
        "With `?moves=1`, the answer to `subscribe` where a relay serves the stream: open a socket " +
        "there, with `streamId` and `since`",
    }),
  channel: z.object({ type: z.literal("channel"), streamId: StreamId.nullable() }).meta({
    description:
      "To an overlay of a channel, at its beginning and at each change: the host's newest live " +
      "stream, to which the socket is subscribed from now on; null: none is live",
  }),
  pong: z
    .object({
      type: z.literal("pong"),
      heads: z.record(z.string(), FrameNumber).meta({
        description: "Exactly the streams of this connection, each with its newest posted frame",
      }),
      requestId,
    })
    .meta({ description: "The answer to `ping`" }),
  error: z
    .object({
      type: z.literal("error"),
      statusCode: z.number().int(),
      code: z.string().meta({ description: "The refusal's name, such as stream_not_found" }),
      errors: z.array(z.string()).min(1),
      requestId,
    })
    .meta({
      description: "A refusal: first the status's own sentence, then what exactly is wrong",
    }),
  notification: z
    .object({ type: z.literal("notification"), data: Notification })
    .meta({ description: "A new notification of the connected user; its id tells a repetition" }),
  closing: z
    .object({
      type: z.literal("closing"),
      code: z.number().int().min(4000).max(4999),
      reason: z.string(),
    })
    .meta({
      description:
        "The server ends the connection within 10 s. Codes 4000 to 4499 mean: reconnect (4401 with a " +
        "new token); 4500 to 4999: do not",
    }),
} as const;
