import { closeReasons } from "../platform/realtime/close-codes.ts";
import { closeConnection } from "../platform/realtime/closing.ts";
import { logFault } from "../platform/runtime/log.ts";
import { gatherMetrics, measureMetric } from "../platform/runtime/metrics.ts";
import { type Announcement, announces, onAnnouncement } from "../platform/store/log/frames.ts";
import { aliveMilliseconds, markRelay } from "../platform/store/log/relays.ts";
import { findNewestLive } from "../platform/store/streams/stream-lists.ts";
import { share } from "../platform/table/query.ts";
import { closeInWaves } from "./closing.ts";
import { createInboxReader } from "./inbox.ts";
import type { Connection } from "./model.ts";
import { removeSubscriptions } from "./room.ts";
import type { State } from "./state.ts";
import { subscribe } from "./subscribe.ts";

/**
 * Intervals of reading the inbox (`announcedInbox` if messages are announced), of checking
 * connections and rooms, and of publishing metrics.
 */
const everyMilliseconds = { inbox: 200, announcedInbox: 1_000, check: 1_000, metrics: 10_000 };
/** The age of the last heartbeat at which a relay closes its sockets, before it counts as dead. */
const heartbeatMillisecondsMax = aliveMilliseconds.max - 2 * everyMilliseconds.check;
/** The time for each socket that it closes then: 250 a second. */
const closingMillisecondsEach = 4;

/** Runs a relay's periodic work until it is stopped. */
export function startPeriodicWork(state: State): { stop(): void } {
  const gathering = gatherMetrics();
  const publish = async () => {
    measureMetric("RelaySockets", state.connections.size);
    gathering.publish();
  };
  const readInbox = share(createInboxReader(state));
  const { inbox, announcedInbox } = everyMilliseconds;
  const stops = [
    repeat(announces() ? announcedInbox : inbox, readInbox),
    repeat(everyMilliseconds.check, () => checkConnections(state)),
    repeat(everyMilliseconds.check, () => state.rooms.tick(new Date())),
    repeat(everyMilliseconds.check, () => moveOverlays(state)),
    repeat(everyMilliseconds.check, () => closeWithoutHeartbeat(state)),
    repeat(aliveMilliseconds.every, () => recordHeartbeat(state)),
    repeat(everyMilliseconds.metrics, publish),
    onAnnouncement((one) => void state.asRelay(() => handleAnnouncement(state, readInbox, one))),
  ];
  return {
    stop() {
      for (const stop of stops) stop();
      gathering.stop();
    },
  };
}

/** Shows an announced frame, or delivers an announced message. */
const handleAnnouncement = (
  { rooms }: State,
  readInbox: () => Promise<void>,
  announcement: Announcement,
) =>
  (announcement === "message"
    ? readInbox()
    : rooms.show(announcement.streamId, announcement.frame)
  ).catch((error) => logFault("An announcement could not be followed", error));

/**
 * Repeats an action with a pause in between, of at most a second after a failure. Returns a
 * function that stops it.
 */
function repeat(milliseconds: number, act: () => Promise<unknown>): () => void {
  let isStopped = false;
  let timer: NodeJS.Timeout;
  const turn = async () => {
    let pause = milliseconds;
    await act().catch((error) => {
      logFault("A relay's periodic work failed", error);
      pause = Math.min(milliseconds, 1_000);
    });
    if (!isStopped) timer = setTimeout(turn, pause);
  };
  timer = setTimeout(turn, milliseconds);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

async function recordHeartbeat(state: State): Promise<void> {
  const now = new Date();
  await markRelay(state.node, now);
  state.markedAt = now.getTime();
}

/**
 * Whether a relay's heartbeat is so old that it must not hold sockets: functions would take them
 * for dead and remove them from the users' lists, in which revocations and notifications find them.
 */
export const hasNoHeartbeat = ({ markedAt }: State) =>
  Date.now() - markedAt >= heartbeatMillisecondsMax;

/** Closes all sockets of a relay without a heartbeat. */
async function closeWithoutHeartbeat(state: State): Promise<void> {
  if (!hasNoHeartbeat(state)) return;
  const { connections } = state;
  await closeInWaves([...connections.values()], connections.size * closingMillisecondsEach);
}

/** Closes silent connections and those whose token has expired. */
async function checkConnections({ connections, poster }: State): Promise<void> {
  const now = Date.now();
  for (const connection of [...connections.values()]) {
    if (connection.caller.expiresAt * 1000 > now) connection.keepAlive(now);
    else if (!connection.isExpiring) {
      connection.isExpiring = true;
      closeConnection(poster, connection.id, closeReasons.tokenExpired, async () => false).catch(
        (error) => logFault("A connection could not be closed", error),
      );
    }
  }
}

/** Sends channels' overlays their newest live stream, and subscribes them to it. */
async function moveOverlays(state: State): Promise<void> {
  const overlays = [...state.connections.values()].filter(({ caller }) => caller.channelOf);
  const hosts = new Set(overlays.flatMap(({ caller }) => caller.channelOf ?? []));
  await Promise.all(
    [...hosts].map(async (host) => {
      const newest = await findNewestLive(host);
      const own = overlays.filter(
        ({ caller, channelStreamId }) => caller.channelOf === host && channelStreamId !== newest,
      );
      await Promise.all(own.map((overlay) => move(state, overlay, newest)));
    }),
  );
}

async function move(
  { rooms }: State,
  connection: Connection,
  newest: string | null,
): Promise<void> {
  removeSubscriptions(connection);
  connection.channelStreamId = newest;
  connection.send({ type: "channel", streamId: newest });
  if (newest === null) return;
  await subscribe(rooms, connection, { streamId: newest }, new Date()).catch((error) => {
    // So that the next run moves the overlay again.
    delete connection.channelStreamId;
    throw error;
  });
}
