import type { Frame, Position } from "./message.ts";
import type { SumsAndMoments } from "./sums.ts";

/** Where the stream continues, and what viewers are shown there, if the server said so. */
type Snapshot = { position: Position; viewers: number | undefined; shown?: SumsAndMoments };

/** An action for the follower's owner. */
export type Step =
  | { do: "send"; message: { action: "subscribe"; [field: string]: unknown } }
  | { do: "show"; frame: Frame }
  /** Frames were lost: read the history, then continue from `position`. */
  | ({ do: "reset" } & Snapshot)
  /** The frames after the requested older position no longer exist: continues where it was. */
  | ({ do: "skip" } & Snapshot)
  /** Frames continue from `position`; a new listener starts at `head`. */
  | ({ do: "follow"; head: Position; recovered?: boolean } & Snapshot)
  | { do: "end"; reason: string; statusCode?: number; code?: string };
