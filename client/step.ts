import type { Frame, Position } from "./message.ts";
import type { Shown } from "./sums.ts";

/** Where it goes on, and what viewers are shown there, if the server said so. */
type Place = { position: Position; viewers: number; shown?: Shown };

/** What the follower asks of its owner. */
export type Step =
  | { do: "send"; message: { action: "subscribe"; [field: string]: unknown } }
  | { do: "show"; frame: Frame }
  /** Frames were missed for good: read the history, then go on from `position`. */
  | ({ do: "reset" } & Place)
  /** The frames after the position that was gone back to are no more: it goes on where it was. */
  | ({ do: "skip" } & Place)
  /** Frames come from `position` on; a new listener begins at `head`. */
  | ({ do: "follow"; head: Position; recovered?: boolean } & Place)
  | { do: "end"; reason: string; statusCode?: number; code?: string };
