import { isOverlay } from "../../domain/id.ts";
import { fullKeysMax } from "../../domain/streams/overlay-key.ts";
import { type Caller, countedName } from "../auth/caller.ts";
import { BoundedMap } from "../runtime/caches.ts";
import { logFault } from "../runtime/log.ts";
import { noteFlood } from "../store/log/floods.ts";
import { countUse, useSeconds } from "../table/rates.ts";
import { type EventType, eventTypeOf, type SocketContract } from "./contract.ts";

/** Refused messages in a minute after which a connection is closed. */
export const refusedMessagesMax = 1_000;

/** `refusedMessagesMax` for an overlay: its host may have `fullKeysMax` times a user's sockets. */
const overlayRefusedMax = refusedMessagesMax / fullKeysMax;

/** After this long without a refused message, a flood is over: the next refusal is answered. */
const overMilliseconds = 5_000;

/** Refused messages that an environment counts in memory before it writes to the table. */
const reportedAtOnce = 20;

/** The number of connections that one environment remembers. */
const connectionsMax = 10_000;

/** How long a user whose second connection floods cannot open another one. */
const holdOffSeconds = 60;

/** The period in which a user's flooding connections are counted. */
const closedMilliseconds = 600_000;

const floods = new BoundedMap<string, { unreported: number; lastAt: number }>(connectionsMax);

/**
 * Counts a handshake or message before any other work, so that floods cost as little as possible.
 */
export async function countEvent(
  { route, rate }: SocketContract,
  eventType: EventType,
  caller: Caller,
  now: Date,
): Promise<void> {
  const name = countedName(caller);
  if (eventType === "CONNECT") await countUse("handshakes", name, now);
  if (eventType === "MESSAGE") await countUse("messages", name, now);
  if (rate !== undefined && eventType === eventTypeOf(route)) await countUse(rate, name, now);
}

/**
 * Counts a message that exceeded the rate limit. The first of a flood is answered; the rest are
 * counted silently until their number in a minute closes the connection. The count is shared by all
 * environments; each writes it to the table once per twenty messages.
 */
export async function countRefusedMessage(
  connectionId: string,
  now: Date,
  { userId = "" }: Partial<Pick<Caller, "userId">> = {},
): Promise<"answer" | "silent" | "close"> {
  const at = now.getTime();
  const known = floods.get(connectionId);
  const isGoingOn = known !== undefined && at - known.lastAt < overMilliseconds;
  const unreported = (known?.unreported ?? 0) + 1;
  if (isGoingOn && unreported < reportedAtOnce) {
    floods.set(connectionId, { unreported, lastAt: at });
    return "silent";
  }
  floods.set(connectionId, { unreported: 0, lastAt: at });
  const { before, lastAt } = await countFlood(connectionId, unreported, now);
  const max = isOverlay(userId) ? overlayRefusedMax : refusedMessagesMax;
  if (before < max && before + unreported >= max) return "close";
  return isGoingOn || at - lastAt < overMilliseconds ? "silent" : "answer";
}

/**
 * Counts a connection that was closed for a flood. After the first, its user may reconnect at once;
 * after others, handshakes are refused for a minute, since each new connection could send another
 * thousand messages.
 */
export async function countFloodClose(name: string, now: Date): Promise<void> {
  const { before } = await countFlood(name, 1, now, closedMilliseconds);
  if (before > 0) await useSeconds("handshakes", name, now, holdOffSeconds);
}

/** `noteFlood`; if it fails, the result of a first flood, so that the message gets its answer. */
const countFlood: typeof noteFlood = (...flood) =>
  noteFlood(...flood).catch((error) => {
    logFault("A flood could not be counted", error);
    return { before: 0, lastAt: 0 };
  });
