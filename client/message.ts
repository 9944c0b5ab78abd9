import type { EventData } from "./event-data.ts";
import type { Moment, Sums } from "./sums.ts";

/** Where a viewer is in a stream's log: the last frame that was shown. Frame 0 is the beginning. */
export type Position = { epoch: string; frame: number };

/** One event of a frame; its type says what its data are. */
export type Event = {
  [Type in keyof EventData]: { id: string; type: Type; at: string; data: EventData[Type] };
}[keyof EventData];

/** A frame as the server sends it. */
export type Frame = {
  type: "events";
  streamId: string;
  epoch: string;
  frame: number;
  viewers: number;
  skipped: number;
  /** The new values of the sums that changed since the frame before. */
  sums?: Sums;
  events: Event[];
};

/** Any message of the server; only those of the follower's stream mean something to it. */
export type Message =
  | Frame
  | {
      type: "subscribed";
      streamId: string;
      epoch: string;
      head: number;
      recovered?: boolean;
      viewers: number;
      /** Where nothing is replayed: the sums, and the open moments. */
      sums?: Sums;
      moments?: Moment[];
      requestId?: string;
    }
  | { type: "unsubscribed"; streamId: string; reason?: string; requestId?: string }
  | { type: "pong"; heads: Record<string, number>; requestId?: string }
  | { type: "error"; statusCode: number; code?: string; errors: string[]; requestId?: string };

/** Any message of the server. */
export type ServerMessage =
  | Message
  | { type: "notification"; data: { id: string } }
  | { type: "channel"; streamId: string | null }
  /** The stream is served there: with a ticket where one had opened this socket. */
  | { type: "moved"; streamId: string; url: string; ticket?: string }
  | { type: "closing"; code: number; reason: string };
