import type { LogRecord } from "../../domain/log/event.ts";
import type { Frame } from "../../domain/log/frame.ts";
import type { UserEvent } from "../../domain/log/user-event.ts";
import type { Poster } from "./gateway.ts";
import type { Governor } from "./governor.ts";
import type { InvokeSlice, Jobs } from "./jobs.ts";
import type { PushCache } from "./push-cache.ts";

/**
 * Everything that a pushing environment sends to. The handler creates it and passes it to every
 * step.
 */
export type Outlet = {
  /** Posts to connections. */
  poster: Poster;
  /** Keeps the posts of all environments together under the stage's rate. */
  governor: Governor;
  /** Queues work for other functions. */
  jobs: Jobs;
  /**
   * Invokes another environment to post a slice. If undefined, the call posts everything itself.
   */
  invokeSlice?: InvokeSlice;
  /** Queues events for webhooks and Tencent callbacks. If undefined, nothing is sent to them. */
  events?: EventQueue;
};

/** The frames that a call has just appended, and the number of each record's frame by record id. */
export type FramedRecords = {
  newFrames: readonly Frame[];
  covering: ReadonlyMap<string, number>;
};

/** Queues events for receivers outside the system, which another function sends. */
export type EventQueue = {
  /**
   * Queues the events of records that are in the log, which determines the totals in gifts' events.
   * Includes records that the post rate dropped from frames, and records that an earlier call
   * appended, because it may have died before queueing them: so each event is sent at least once.
   * Also removes the texts that the records delete from stored deliveries.
   */
  queueRecords(
    place: { streamId: string; now: Date },
    records: readonly LogRecord[],
    framed: FramedRecords,
  ): Promise<void>;
  /** Queues events about users, each user's events in order. */
  queueUserEvents(events: readonly UserEvent[], now: Date): Promise<void>;
};

/** The subset of the outlet that posting a slice needs. */
export type SliceOutlet = Pick<Outlet, "poster" | "governor">;

/** One invocation of a function that pushes: its time, its environment's cache and its outlet. */
export type Push<Ways = Outlet> = { now: Date; cache: PushCache; outlet: Ways };

/** The viewers of one stream during one invocation. */
export type Audience<Ways = Outlet> = Push<Ways> & { streamId: string };
