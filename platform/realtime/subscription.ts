import type { Position } from "../../domain/log/position.ts";
import { revisionAt, type Subscriber } from "../../domain/log/subscriber.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { isBlocked } from "../../domain/streams/member.ts";
import { sentenceOf, statusOf } from "../http/envelope.ts";
import { connectionExpiry, noteStream } from "../store/log/connections.ts";
import { putSubscriber } from "../store/log/subscribers.ts";
import { findMember, getStream } from "../store/streams/streams.ts";

/** Who subscribes to what. */
type Subscription = {
  streamId: string;
  since?: Position | undefined;
  requestId?: string | undefined;
  connectionId: string;
  userId: string;
  /** Milliseconds since 1970. */
  connectedAt: number;
  /** Seconds since 1970. */
  tokenExpiresAt: number;
};

/** Counts the subscriptions of this environment, so that no two revisions of a time are alike. */
let count = 0;

/**
 * Records a subscription for the consumer to greet; subscribing again starts the greeting anew.
 * Refuses with `stream_not_found`, `member_blocked` and `too_many_streams`.
 */
export async function subscribe(subscription: Subscription, now: Date): Promise<void> {
  const { streamId, since, requestId, connectionId, userId, connectedAt } = subscription;
  const { tokenExpiresAt } = subscription;
  const [, member] = await Promise.all([
    getStream(streamId, { consistent: true }),
    findMember(streamId, userId, { consistent: true }),
  ]);
  if (isBlocked(member, now)) refuse("member_blocked");
  const own = { connectionId, userId, connectedAt };
  const { compact } = await noteStream({ ...own, tokenExpiresAt }, streamId);
  const expiresAt = connectionExpiry(connectedAt);
  const rest = { requestId, since, compact, revision: revisionAt(now, count++), expiresAt };
  await putSubscriber({ ...own, streamId, ...rest });
}

/** Where a refusal lies whose stream has no name: no stream has this id. */
const nowhere = "0".repeat(24);

/**
 * Records that a subscription in a URL cannot be. The socket is not open yet, so the consumer says
 * so as its first message.
 */
export async function recordRefusal(
  given: Pick<Subscription, "connectionId" | "userId" | "connectedAt">,
  streamId: string | undefined,
  refusal: NonNullable<Subscriber["refusal"]>,
  now: Date,
): Promise<void> {
  const expiresAt = connectionExpiry(given.connectedAt);
  const [place, revision] = [streamId ?? nowhere, revisionAt(now, count++)];
  const { connectionId, userId, connectedAt } = given;
  const own = { connectionId, userId, connectedAt };
  await putSubscriber({ ...own, streamId: place, refusal, revision, expiresAt });
}

/** Subscribes as a URL asks; a refusal becomes the connection's first message. */
export async function subscribeFromUrl(subscription: Subscription, now: Date): Promise<void> {
  try {
    await subscribe(subscription, now);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const statusCode = statusOf[error.kind];
    const errors = [sentenceOf[statusCode]!, ...error.details];
    await recordRefusal(subscription, subscription.streamId, { statusCode, errors }, now);
  }
}
