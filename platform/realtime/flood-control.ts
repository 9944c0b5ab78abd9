import { BoundedMap } from "../runtime/bounded.ts";
import { noteFlood } from "../store/log/floods.ts";

/** Limited messages of a connection in a minute for which it is closed. */
const limitedMax = 1_000;

/** A flood is over when no message was limited for this long; the next one is answered again. */
const overMilliseconds = 5_000;

/** How many limited messages are counted in memory before the table is written. */
const toldAtOnce = 20;

/** Connections that one environment remembers. */
const connectionsMax = 10_000;

const floods = new BoundedMap<string, { untold: number; lastAt: number }>(connectionsMax);

/**
 * Counts a message that was refused for its rate. The first of a flood is to be answered; the
 * others are counted silently, until their number in a minute says that the connection is to be
 * closed. All environments count together, and each tells the table of twenty at once.
 */
export async function noteLimited(
  connectionId: string,
  now: Date,
): Promise<"tell" | "silent" | "close"> {
  const at = now.getTime();
  const known = floods.get(connectionId);
  const isGoingOn = known !== undefined && at - known.lastAt < overMilliseconds;
  const untold = (known?.untold ?? 0) + 1;
  if (isGoingOn && untold < toldAtOnce) {
    floods.set(connectionId, { untold, lastAt: at });
    return "silent";
  }
  floods.set(connectionId, { untold: 0, lastAt: at });
  const { before, lastAt } = await noteFlood(connectionId, untold, now);
  if (before < limitedMax && before + untold >= limitedMax) return "close";
  return isGoingOn || at - lastAt < overMilliseconds ? "silent" : "tell";
}
