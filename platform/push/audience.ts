import type { Feed } from "./feed.ts";
import type { Poster } from "./gateway.ts";
import type { Governor } from "./governor.ts";
import type { Jobs } from "./jobs.ts";
import type { Memory } from "./memory.ts";
import type { InvokeSlice } from "./slice-job.ts";

/** The ways out of an environment that pushes: its handler hands them down to every step. */
export type Outlet = {
  /** To the connections. */
  poster: Poster;
  /** Keeps the posts, together with those of all other environments, under the stage's rate. */
  governor: Governor;
  /** To the functions that do what this one leaves to them. */
  jobs: Jobs;
  /** Has a slice posted by another environment; without it, a call posts all by itself. */
  invokeSlice?: InvokeSlice;
  /** To webhooks and the like; without it, nothing is sent outside. */
  feed?: Feed;
};

/** What a slice is posted by. */
export type SliceOutlet = Pick<Outlet, "poster" | "governor">;

/** One call of a function that pushes: its time, what its environment remembers, its ways out. */
export type Push<Ways = Outlet> = { now: Date; memory: Memory; outlet: Ways };

/** The viewers of one stream, in the hands of one call. */
export type Audience<Ways = Outlet> = Push<Ways> & { streamId: string };
