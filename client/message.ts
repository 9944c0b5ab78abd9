import type { EventData } from "./event-data.ts";
import type { Notification } from "./operations.ts";
import type { Moment, Sums } from "./sums.ts";

export type { Notification };

/** A viewer's position in a stream's log: the last frame delivered. Frame 0 is the beginning. */
export type Position = { epoch: string; frame: number };

/** One event of a frame; `type` determines the type of `data`. */
export type Event = {
  [Type in keyof EventData]: { id: string; type: Type; at: string; data: EventData[Type] };
}[keyof EventData];

/** A frame as sent by the server. */
export type Frame = {
  type: "events";
  streamId: string;
  epoch: string;
  frame: number;
  viewers: number;
  skipped: number;
  /** New values of the sums that have changed since the previous frame. */
  sums?: Sums;
  events: Event[];
};

/** A server message; the follower handles only those of its stream. */
export type Message =
  | Frame
  | {
      type: "subscribed";
      streamId: string;
      epoch: string;
      head: number;
      recovered?: boolean;
      /** Absent while polling, until there is a frame. */
      viewers?: number;
      /** Sent when no frames are replayed: the sums, and the open moments. */
      sums?: Sums;
      moments?: Moment[];
      requestId?: string | number;
    }
  | { type: "unsubscribed"; streamId: string; reason?: string; requestId?: string | number }
  | { type: "pong"; heads: Record<string, number>; requestId?: string | number }
  | {
      type: "error";
      statusCode: number;
      code?: string;
      errors: string[];
      requestId?: string | number;
    };

/** Any message of the server. */
export type ServerMessage =
  | Message
  | { type: "notification"; data: Notification }
  | { type: "channel"; streamId: string | null }
  /** The stream is served at that URL; with a ticket if a ticket opened this socket. */
  | { type: "moved"; streamId: string; url: string; ticket?: string }
  | { type: "closing"; code: number; reason: string };

/** The streams that a message names as subscribed. */
export function servedIn(message: ServerMessage): string[] {
  if (message.type === "pong") return Object.keys(message.heads);
  return message.type === "subscribed" ? [message.streamId] : [];
}
