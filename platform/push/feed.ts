import type { Deletion, LogRecord } from "../../domain/log/event.ts";
import type { UserEvent } from "../../domain/log/user-event.ts";
import type { OutgoingEvent } from "../../domain/webhooks/webhook.ts";

/** Those outside who are sent what happens: how an environment reaches them. */
export type Feed = {
  /** Whether there is any receiver, and whether one is sent events of one of these types. */
  asks(types: ReadonlySet<string>): Promise<{ isThere: boolean; wants: boolean }>;
  /** Sends events of one stream, in their order, to all who want them. */
  send(streamId: string, events: readonly OutgoingEvent[]): Promise<void>;
  /** Notes that the texts of messages must not be sent any more. */
  noteDeletions(streamId: string, deletions: readonly Deletion[], now: Date): Promise<void>;
  /** Has these texts taken out of what is kept of earlier sendings, once those are over. */
  forget(streamId: string, deletions: readonly Deletion[]): Promise<void>;
  /** Sends events about users, those of each in their order, to all who want them. */
  sendAboutUsers(events: readonly UserEvent[], now: Date): Promise<void>;
  /** Says that a room of the Tencent side began or ended. */
  sendRoom(record: LogRecord, streamId: string): Promise<void>;
};
