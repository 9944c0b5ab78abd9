import type { Position } from "../../domain/log/recovery.ts";
import { type RequestId, revisionAt, type Subscriber } from "../../domain/log/subscriber.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { assertAdmitted, hasRevocableAccess, isBlocked } from "../../domain/streams/member.ts";
import { isOver } from "../../domain/streams/stream-lifecycle.ts";
import type { Caller } from "../auth/caller.ts";
import { sentenceOf, statusOf } from "../http/envelope.ts";
import {
  addStream,
  connectionExpiry,
  findConnection,
  putConnection,
} from "../store/log/connections.ts";
import { findRelayUrl } from "../store/log/relays.ts";
import { assertRoomNotFull } from "../store/log/room-capacity.ts";
import { putSubscriber } from "../store/log/subscribers.ts";
import { getStreamWithMember } from "../store/streams/stream-access.ts";

/** A connection and its owner. */
type Connection = {
  connectionId: string;
  userId: string;
  /** Milliseconds since 1970. */
  connectedAt: number;
};

/** A connection that opens. */
type Opening = Connection & {
  tokenHash?: string | undefined;
  countedAs?: string | undefined;
  /** When its token expires, in seconds since 1970. */
  tokenExpiresAt: number;
};

/** A request to subscribe. */
type Subscription = Connection & {
  /** The roles of the caller's token; undefined for an overlay. */
  roles?: Caller["roles"];
  streamId: string;
  since?: Position | undefined;
  requestId?: RequestId | undefined;
};

/**
 * What became of a request to subscribe. `moved`: nothing is recorded, because the client follows
 * the stream to this URL. `unknown`: nothing is recorded, because the connection's items were
 * removed, for example because it was mistaken for closed.
 */
type Outcome = { moved: string } | "recorded" | "unknown";

/** Counts this environment's subscriptions, so that revisions of the same millisecond differ. */
let count = 0;

/**
 * Stores a subscription, which the table's consumer confirms. Subscribing again confirms it again.
 * Refuses with `stream_not_found`, `member_blocked`, `pass_required`, `room_full` and
 * `too_many_streams`.
 */
export async function subscribe(subscription: Subscription, now: Date): Promise<Outcome> {
  const { streamId, since, requestId } = subscription;
  const { connectionId, userId, roles = [], connectedAt } = subscription;
  const access = await assertMayWatch(streamId, { userId, roles }, now);
  const moved = await findMove(connectionId, streamId);
  if (moved !== undefined) return { moved };
  const connection = await addStream(connectionId, streamId);
  if (connection === undefined) return "unknown";
  const expiresAt = connectionExpiry(connectedAt);
  const revision = revisionAt(now, count++);
  const { compact, countedAs } = connection;
  const request = { streamId, since, requestId, compact, countedAs, ...access };
  await putSubscriber({ connectionId, userId, connectedAt, ...request, revision, expiresAt });
  return "recorded";
}

/** The relay's URL, if it serves the stream and the connection's client supports `moved`. */
async function findMove(connectionId: string, streamId: string): Promise<string | undefined> {
  const url = await findRelayUrl(streamId);
  if (url === undefined) return undefined;
  const connection = await findConnection(connectionId);
  return connection?.moves && connection.channel === undefined ? url : undefined;
}

/**
 * Refuses with `stream_not_granted` a stream for which the caller's credentials are not valid. A
 * channel's overlay may subscribe to the stream of its last notification.
 */
export async function assertGranted(
  { streamId, channelOf }: Pick<Caller, "streamId" | "channelOf">,
  connectionId: string,
  wanted: string,
): Promise<void> {
  const channelStream =
    channelOf && ((await findConnection(connectionId))?.channel?.streamId ?? "");
  assertStreamGranted(channelStream ?? streamId, wanted);
}

/**
 * Refuses every stream but the granted one with `stream_not_granted`; `granted` is undefined if all
 * are permitted, "" if none is.
 */
export function assertStreamGranted(granted: string | undefined, wanted: string): void {
  if (granted !== undefined && granted !== wanted)
    refuse("stream_not_granted", { streamId: granted || "none" });
}

/**
 * Refuses users who may not watch a stream. Returns the fields that their subscription stores.
 * `isViewer`: they are watching it already, so they may stay even if the room is full.
 */
export async function assertMayWatch(
  streamId: string,
  caller: Pick<Caller, "userId" | "roles">,
  now: Date,
  { getBoth = getStreamWithMember, isViewer = false } = {},
): Promise<Pick<Subscriber, "isPaid" | "isLate">> {
  const { stream, member } = await getBoth(streamId, caller.userId);
  if (isBlocked(member, now)) refuse("member_blocked");
  assertAdmitted(stream, member, caller);
  if (!isViewer) await assertRoomNotFull(stream, caller, now);
  return {
    ...(hasRevocableAccess(stream, caller) && { isPaid: true }),
    ...(isOver(stream) && { isLate: true }),
  };
}

/** The stream of a refusal if the URL names none; no stream has this id. */
const nowhere = "0".repeat(24);

/** The query parameters of a URL in addition to the credentials. */
export type HandshakeQuery = {
  streamId?: string | undefined;
  since?: Position | undefined;
  compact?: boolean | undefined;
  /** Whether the client supports `moved` messages. */
  moves?: boolean | undefined;
  /** Why the request is refused: sent as a message, since bad input never closes a socket. */
  refusal?: NonNullable<Subscriber["refusal"]>;
};

/**
 * The subscription in a URL, if any, which is recorded when the connection opens. An invalid one
 * contains its refusal: the socket is not open yet, so the consumer sends the refusal as its first
 * message.
 */
export async function findSubscription(
  { connectionId, userId, connectedAt }: Connection,
  { streamId, since, compact, moves, refusal }: HandshakeQuery,
  caller: Pick<Caller, "streamId" | "channelOf" | "countedAs" | "roles" | "isByTicket">,
  now: Date,
): Promise<Subscriber | undefined> {
  if (streamId === undefined && refusal === undefined) return undefined;
  const revision = revisionAt(now, count++);
  const expiresAt = connectionExpiry(connectedAt);
  const place = streamId ?? nowhere;
  const own = { connectionId, userId, connectedAt, streamId: place, revision, expiresAt };
  if (refusal !== undefined) return { ...own, refusal };
  try {
    await assertGranted(caller, connectionId, place);
    const access = await assertMayWatch(place, { userId, roles: caller.roles }, now);
    // Not with a ticket, which is used up: a later `subscribe` returns a new one with the move.
    const movedTo = moves && !caller.isByTicket ? await findRelayUrl(place) : undefined;
    if (movedTo !== undefined) return { ...own, refusal: { movedTo } };
    const { countedAs } = caller;
    return { ...own, since, compact, countedAs, ...access };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const statusCode = statusOf[error.kind];
    const errors = [sentenceOf[statusCode]!, ...error.details];
    return { ...own, refusal: { statusCode, code: error.code, errors } };
  }
}

/** Writes an admitted connection, with the subscription of its URL. */
export async function recordConnection(
  connection: Opening,
  {
    compact,
    moves,
    channelOf,
  }: Pick<HandshakeQuery, "compact" | "moves"> & { channelOf?: string | undefined },
  subscriber: Subscriber | undefined,
): Promise<void> {
  const expiresAt = connectionExpiry(connection.connectedAt);
  const isSubscribed = subscriber !== undefined && subscriber.refusal === undefined;
  const streams = isSubscribed ? new Set([subscriber.streamId]) : undefined;
  const channel = channelOf === undefined ? undefined : { of: channelOf };
  await putConnection({ ...connection, compact, moves, streams, channel, expiresAt }, subscriber);
}
