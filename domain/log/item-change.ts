import type { LogRecord, StreamEvent } from "./event.ts";

/**
 * A change of one item of a stream, as the table's stream reports it: both images, nothing else.
 */
export type ItemChange = {
  kind: "message" | "gift" | "stream" | "member" | "moment" | "like" | "vote";
  streamId: string;
  /** When the table made the record, in seconds since 1970. */
  createdAt: number;
  old?: Record<string, unknown> | undefined;
  new?: Record<string, unknown> | undefined;
};

/** A record that is never thinned out. */
export const alwaysShown = (id: string, createdAt: number, events: StreamEvent[]): LogRecord => ({
  id,
  createdAt,
  lane: "always",
  events,
});
