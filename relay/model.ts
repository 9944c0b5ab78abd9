import type { LogEnd } from "../domain/log/frame.ts";
import type { ShownSums } from "../domain/log/recovery.ts";
import type { Caller } from "../platform/auth/caller.ts";
import type { createHeldFrames } from "./held-frames.ts";

/** An open socket and whose it is. */
export type Connection = {
  id: string;
  caller: Caller;
  /** The caller as an authorizer passes it on. */
  context: Record<string, string>;
  connectedAt: number;
  compact: boolean;
  /** For a channel's overlay: the stream last announced; null: none; undefined: not yet. */
  told?: string | null;
  /** Whether its token has expired and its client was notified. */
  isExpiring?: boolean;
  subscriptions: Map<string, Subscription>;
  isOpen(): boolean;
  /** Writes whole frames; who does not read is dropped. */
  write(bytes: Buffer): void;
  send(message: object): void;
  /** Bytes that the client has not taken yet. */
  unread(): number;
  close(code: number): void;
  /** Ends it if it has lived or been silent for too long, and keeps the way to it open. */
  look(now: number): void;
};

/** A connection's subscription to a room. */
export type Subscription = {
  connection: Connection;
  room: Room;
  /** Milliseconds since 1970. */
  at: number;
  isPaid: boolean;
  /** The next frame that it is owed; none before it was greeted. */
  next: number;
  /** Whether it has all frames, so that the next one is written to it at once. */
  isLive: boolean;
  isOver: boolean;
};

/** One stream that this relay serves: its newest frames, and who is sent them. */
export type Room = {
  streamId: string;
  end: LogEnd;
  held: ReturnType<typeof createHeldFrames>;
  subscriptions: Set<Subscription>;
  /** Users who watch, by when they came, and by how many subscriptions. */
  users: Map<string, { at: number; count: number }>;
  hasChanged: boolean;
  /** Those who watch by all ways, when they were last counted. */
  total?: number;
  /** When it had its last frame or subscriber, and when its epoch was looked at. */
  busyAt: number;
  epochAt: number;
  /** When the last subscription ended. */
  leftAt: number;
  reading?: Promise<void> | undefined;
  next?: Promise<void> | undefined;
  timer?: NodeJS.Timeout | undefined;
  shown?: { head: number; sums: Promise<ShownSums> };
  warming?: Promise<void> | undefined;
  isClosed: boolean;
};
