import type { LogEnd } from "../domain/log/frame.ts";
import type { ShownSums } from "../domain/log/recovery.ts";
import type { Caller } from "../platform/auth/caller.ts";
import type { Visit } from "../platform/store/log/subscribers.ts";
import type { Backlog } from "./backlog.ts";
import type { createHeldFrames } from "./held-frames.ts";

/** An open socket with its caller. */
export type Connection = {
  id: string;
  caller: Caller;
  /** The caller, as the authorizer returns it. */
  context: Record<string, string>;
  connectedAt: number;
  compact: boolean;
  /**
   * For a channel's overlay, the stream last sent to it; null: none is live; undefined: nothing was
   * sent yet.
   */
  channelStreamId?: string | null;
  /** Whether the subscription of its URL has no response yet. */
  isGreeting?: boolean;
  /** Whether the token has expired and the client was notified. */
  isExpiring?: boolean;
  subscriptions: Map<string, Subscription>;
  isOpen(): boolean;
  /** Writes encoded frames, together. Closes the connection if the client does not read. */
  write(...frames: readonly Buffer[]): void;
  send(message: object): void;
  /** Bytes that the client has not read yet. */
  unread(): number;
  close(code: number): void;
  /** Closes the connection if it is too old or was silent too long; otherwise keeps it alive. */
  keepAlive(now: number): void;
};

/** A connection's subscription to a room. */
export type Subscription = {
  connection: Connection;
  room: Room;
  /** Milliseconds since 1970. */
  at: number;
  isPaid: boolean;
  /** Whether the stream was over when the user subscribed, so that this is no visit. */
  isLate: boolean;
  /** Whether the user may watch, and so counts as a viewer. */
  isAdmitted: boolean;
  /** The next frame to send; 0 until `subscribed` was sent. */
  next: number;
  /** Whether all frames were sent, so that the next one is written at once. */
  isLive: boolean;
  isOver: boolean;
};

/** A stream that this relay serves, with its newest frames and subscriptions. */
export type Room = {
  streamId: string;
  end: LogEnd;
  held: ReturnType<typeof createHeldFrames>;
  subscriptions: Set<Subscription>;
  /** Visits that have ended and are not recorded yet. */
  visits: Backlog<Visit>;
  /** Users who watch, with the time of their arrival and their number of subscriptions. */
  users: Map<string, { at: number; count: number }>;
  hasChanged: boolean;
  /** Distinct viewers, including those on the API and on other relays, at the last count. */
  total?: number;
  /** When the viewers were last counted. */
  countedAt?: number;
  /** When the room last got a frame or subscriber, and when its epoch was last checked. */
  busyAt: number;
  epochAt: number;
  /** When the last subscription ended. */
  leftAt: number;
  reading?: Promise<void> | undefined;
  next?: Promise<void> | undefined;
  timer?: NodeJS.Timeout | undefined;
  shown?: { end: LogEnd; sums: Promise<ShownSums> };
  warming?: Promise<void> | undefined;
  isClosed: boolean;
};
