import * as z from "zod";
import { isOverlay } from "../id.ts";
import { Position } from "./recovery.ts";

/** API Gateway closes connections after two hours (a quota). Their items live slightly longer. */
export const connectionLifeSeconds = 2 * 3600 + 600;

const openingMilliseconds = 10_000;

/**
 * Whether a connection may still be opening: API Gateway opens it after `$connect` has returned,
 * and answers posts with 410 until then. `connectedAt` is in milliseconds since 1970.
 */
export const isOpening = (connection: { connectedAt: number }, now: Date): boolean =>
  openingSeconds(connection, now) > 0;

/** Seconds until a connection cannot be opening any more. */
export const openingSeconds = ({ connectedAt }: { connectedAt: number }, now: Date): number =>
  Math.max(0, Math.ceil((connectedAt + openingMilliseconds - now.getTime()) / 1000));

/** Prefix of the ids of connections that a relay holds, followed by the relay's name. */
const relayMark = "relay";

/** The id of a relay's `count`th connection. */
export const relayConnectionId = (node: string, count: number) => `${relayMark}-${node}-${count}`;

/** The relay that holds a connection; undefined if API Gateway holds it. */
export function relayOf(connectionId: string): string | undefined {
  const [first, node] = connectionId.split("-");
  return first === relayMark ? node : undefined;
}

/** Maximum number of streams that one connection may be subscribed to. */
export const streamsPerConnectionMax = 40;

/** The id that a client gives a request; the response has the same id, so that they match. */
export const RequestId = z
  .union([z.string().min(1).max(128), z.int()], {
    error: "expected text of 1 to 128 characters, or a whole number",
  })
  .meta({ example: "subscribe-1" });
export type RequestId = z.infer<typeof RequestId>;

/**
 * A subscription, stored as an item of the stream so that the table's consumer gets it in order
 * with the stream's other changes.
 */
export const Subscriber = z.object({
  connectionId: z.string(),
  streamId: z.string(),
  userId: z.string(),
  countedAs: z.string().optional(),
  /** Starts with the time, so that a new subscription never has the revision of an earlier one. */
  revision: z.number(),
  requestId: RequestId.optional(),
  since: Position.optional(),
  /** The first live frame; absent until the consumer has confirmed this revision. */
  from: z.number().int().optional(),
  /** While the subscription is behind, the next frame to send; afterwards, the first live one. */
  next: z.number().int().optional(),
  /** True while missed frames are being sent: a live frame would follow a gap. */
  behind: z.boolean().optional(),
  compact: z.boolean().optional(),
  /**
   * Whether this is a paid stream and the user can lose access: by a pass that ends, or a
   * moderator's role.
   */
  isPaid: z.boolean().optional(),
  /** Whether the stream was over when the user subscribed, so that this is no visit. */
  isLate: z.boolean().optional(),
  /** When the connection was opened, in milliseconds since 1970. */
  connectedAt: z.number(),
  /** Seconds since 1970. */
  expiresAt: z.number(),
  /**
   * Why the subscription requested in a URL was refused, or where the stream is served. The
   * consumer sends it once the socket is open.
   */
  refusal: z
    .union([
      z.object({
        statusCode: z.number(),
        /** Absent in items written by earlier versions. */
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

/** When a subscription was made, in milliseconds since 1970, from its revision. */
export const subscribedAt = ({ revision }: Pick<Subscriber, "revision">) =>
  Math.floor(revision / 1000);

/** The first frame posted to a new subscription; none while it is behind. */
export const firstLive = ({ from, next, behind }: Subscriber) =>
  behind === true ? undefined : (next ?? from);

/** A connection as stored. */
export const Connection = z.object({
  connectionId: z.string(),
  userId: z.string(),
  /** When the token expires, in seconds since 1970. */
  tokenExpiresAt: z.number(),
  /** The hash of the `jti` of the token that opened it. */
  tokenHash: z.string().optional(),
  /** The name under which limits count it, if not its user's: `overlaysOf` a host. */
  countedAs: z.string().optional(),
  connectedAt: z.number(),
  compact: z.boolean().optional(),
  /** Whether the client follows a stream to a relay. */
  moves: z.boolean().optional(),
  /** Its subscribed streams, except those that it left or was blocked in. */
  streams: z.set(z.string()).optional(),
  /** The subscription of its URL, until the client subscribes or unsubscribes by a message. */
  first: z
    .object({ streamId: z.string(), revision: z.number(), isLate: z.boolean().optional() })
    .optional(),
  /**
   * For a channel's overlay: the host, the stream that it may subscribe to, and the stream last
   * sent to it. null: none is live; absent: nothing was sent yet.
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
 * The distinct users among subscribers: a user with three tabs is one viewer, an overlay is none.
 */
export function viewersAmong(subscribers: readonly Viewing[]): Set<string> {
  const users = new Set<string>();
  for (const { userId, refusal } of subscribers)
    if (refusal === undefined && !isOverlay(userId)) users.add(userId);
  return users;
}

/** Whether a subscriber's item is current; the table deletes expired items only some time later. */
export const isCurrent = ({ expiresAt }: Pick<Subscriber, "expiresAt">, now: Date) =>
  expiresAt > now.getTime() / 1000;
