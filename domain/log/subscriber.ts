import * as z from "zod";
import { isOverlay } from "../id.ts";
import { Position } from "./recovery.ts";

/** API Gateway ends a connection after two hours (a quota); its items live a little longer. */
export const connectionLifeSeconds = 2 * 3600 + 600;

const openingMilliseconds = 10_000;

/**
 * Whether a connection may still be opening: API Gateway opens it after `$connect` has answered,
 * and answers 410 to posts until then. `connectedAt` is in milliseconds since 1970.
 */
export const isOpening = ({ connectedAt }: { connectedAt: number }, now: Date): boolean =>
  now.getTime() - connectedAt < openingMilliseconds;

/** Streams that one connection may be subscribed to at once. */
export const streamsPerConnectionMax = 40;

/** The name that a client gives to a request, by which it knows the answer. */
export const RequestId = z
  .string({ error: "expected text of 1 to 128 characters" })
  .min(1, "expected 1 to 128 characters")
  .max(128, "expected 1 to 128 characters")
  .meta({ example: "subscribe-1" });

/**
 * A subscription: an item of the stream, so that the consumer sees it in order with everything
 * else.
 */
export const Subscriber = z.object({
  connectionId: z.string(),
  streamId: z.string(),
  userId: z.string(),
  /** Begins with the time, so that a new subscription never looks like an earlier one. */
  revision: z.number(),
  requestId: z.string().optional(),
  since: Position.optional(),
  /** The first live frame; absent until the consumer has greeted this revision. */
  from: z.number().int().optional(),
  /** While it is behind, the next frame that it is owed; afterwards, the first live one. */
  next: z.number().int().optional(),
  /** True while it is sent what it has missed: a live frame would come after a hole. */
  behind: z.boolean().optional(),
  compact: z.boolean().optional(),
  /** In a paid stream, where its user can lose what lets them in: a pass, or a moderator's role. */
  isPaid: z.boolean().optional(),
  /** When the connection was made, in milliseconds since 1970. */
  connectedAt: z.number(),
  /** Seconds since 1970. */
  expiresAt: z.number(),
  /**
   * Why a subscription in a URL is not possible, or where it is: the consumer says so once the
   * socket is open.
   */
  refusal: z
    .union([
      z.object({
        statusCode: z.number(),
        /** Earlier versions wrote none. */
        code: z.string().optional(),
        errors: z.array(z.string()),
      }),
      z.object({ movedTo: z.string() }),
    ])
    .optional(),
});
export type Subscriber = z.infer<typeof Subscriber>;

/** The revision of a new subscription: the time in microseconds, made unique by `count`. */
export const revisionAt = (now: Date, count: number) => now.getTime() * 1000 + (count % 1000);

/** When a subscription was made, in milliseconds since 1970: its revision begins with it. */
export const subscribedAt = ({ revision }: Pick<Subscriber, "revision">) =>
  Math.floor(revision / 1000);

/** The first frame that is posted to a subscription when it is made; none while it is behind. */
export const firstLive = ({ from, next, behind }: Subscriber) =>
  behind === true ? undefined : (next ?? from);

/** The items of one connection. */
export const Connection = z.object({
  connectionId: z.string(),
  userId: z.string(),
  /** When the token ends, in seconds since 1970. */
  tokenExpiresAt: z.number(),
  connectedAt: z.number(),
  compact: z.boolean().optional(),
  /** Whether its client follows a stream to a relay. */
  moves: z.boolean().optional(),
  /** Streams that it is subscribed to; those that it left or was blocked in are removed. */
  streams: z.set(z.string()).optional(),
  /**
   * Of a channel's overlay: the host, the stream that it may subscribe to, and the one that it was
   * told of; null: there is none; absent: it was told nothing yet.
   */
  channel: z
    .object({
      of: z.string(),
      streamId: z.string().nullish(),
      told: z.string().nullish(),
    })
    .optional(),
  expiresAt: z.number(),
});
export type Connection = z.infer<typeof Connection>;

type Viewing = Pick<Subscriber, "userId" | "refusal">;

/**
 * Distinct users among subscribers: a user with three tabs is one viewer, an overlay is none.
 */
export function viewersAmong(subscribers: readonly Viewing[]): Set<string> {
  const users = new Set<string>();
  for (const { userId, refusal } of subscribers)
    if (refusal === undefined && !isOverlay(userId)) users.add(userId);
  return users;
}

/** Whether a subscriber's item still counts; the table's TTL deletes it some time later. */
export const isCurrent = ({ expiresAt }: Pick<Subscriber, "expiresAt">, now: Date) =>
  expiresAt > now.getTime() / 1000;
