import type { Deletion, LogRecord } from "../../domain/log/event.ts";
import type { UserEvent } from "../../domain/log/user-event.ts";
import type { OutgoingEvent } from "../../domain/webhooks/webhook.ts";

/** Receivers outside the system (webhooks, Tencent callbacks), as an environment reaches them. */
export type Feed = {
  /** `isThere`: there is a receiver. `wants`: one of them is subscribed to one of these types. */
  asks(types: ReadonlySet<string>): Promise<{ isThere: boolean; wants: boolean }>;
  /** Sends events of one stream, in order, to all receivers that want them. */
  send(streamId: string, events: readonly OutgoingEvent[]): Promise<void>;
  /** Records that the texts of these messages must no longer be sent. */
  recordDeletions(streamId: string, deletions: readonly Deletion[], now: Date): Promise<void>;
  /** Removes these texts from stored deliveries, once attempts to send them have ended. */
  forget(streamId: string, deletions: readonly Deletion[]): Promise<void>;
  /** Sends events about users to all receivers that want them, each user's events in order. */
  sendAboutUsers(events: readonly UserEvent[], now: Date): Promise<void>;
  /** Reports that a Tencent room began or ended. */
  sendRoom(record: LogRecord, streamId: string): Promise<void>;
};
