import type { Feed } from "./feed.ts";
import type { Poster } from "./gateway.ts";
import type { Governor } from "./governor.ts";
import type { Jobs } from "./jobs.ts";
import type { Memory } from "./memory.ts";
import type { InvokeSlice } from "./slice-job.ts";

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
  /** Sends to webhooks and Tencent callbacks. If undefined, nothing is sent to them. */
  feed?: Feed;
};

/** The subset of the outlet that posting a slice needs. */
export type SliceOutlet = Pick<Outlet, "poster" | "governor">;

/** One invocation of a function that pushes: its time, its environment's memory and its outlet. */
export type Push<Ways = Outlet> = { now: Date; memory: Memory; outlet: Ways };

/** The viewers of one stream during one invocation. */
export type Audience<Ways = Outlet> = Push<Ways> & { streamId: string };
