import { closeConnection } from "../platform/realtime/closing.ts";
import { expired } from "../platform/realtime/expiry.ts";
import { logFault } from "../platform/runtime/log.ts";
import { measureMetric, withMetrics } from "../platform/runtime/metrics.ts";
import { aliveMilliseconds, markRelay } from "../platform/store/log/relays.ts";
import { findNewestLive } from "../platform/store/streams/stream-lists.ts";
import { subscribe } from "./greeting.ts";
import { createMailReader } from "./mail.ts";
import type { Connection } from "./model.ts";
import { leaveAll } from "./room.ts";
import type { State } from "./state.ts";

/** How often a relay looks for mail, for what is over, and publishes its metrics. */
const everyMilliseconds = { mail: 200, look: 1_000, metrics: 10_000 };

/** Does what a relay has to do besides its rooms, until it is stopped. */
export function startUpkeep(state: State): { stop(): void } {
  const stops = [
    repeat(everyMilliseconds.mail, createMailReader(state)),
    repeat(everyMilliseconds.look, () => look(state)),
    repeat(everyMilliseconds.look, () => state.rooms.tick(new Date())),
    repeat(everyMilliseconds.look, () => moveOverlays(state)),
    repeat(aliveMilliseconds.every, () => markRelay(state.node, new Date())),
    repeat(everyMilliseconds.metrics, publish(state)),
  ];
  return {
    stop() {
      for (const stop of stops) stop();
    },
  };
}

/** Does something again and again, with a pause in between, whether it fails or not. */
function repeat(milliseconds: number, act: () => Promise<unknown>): () => void {
  let isStopped = false;
  let timer: NodeJS.Timeout;
  const turn = async () => {
    await act().catch((error) => logFault("A relay's upkeep failed", error));
    if (!isStopped) timer = setTimeout(turn, milliseconds);
  };
  timer = setTimeout(turn, milliseconds);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

const publish = ({ connections }: State) =>
  withMetrics(async () => measureMetric("RelaySockets", connections.size));

/** Ends connections whose token has ended, and those that are silent. */
async function look({ connections, poster }: State): Promise<void> {
  const now = Date.now();
  for (const connection of [...connections.values()]) {
    if (connection.caller.expiresAt * 1000 > now) connection.look(now);
    else if (!connection.isExpiring) {
      connection.isExpiring = true;
      closeConnection(poster, connection.id, expired, async () => false).catch((error) =>
        logFault("A connection could not be closed", error),
      );
    }
  }
}

/** Tells overlays of channels which stream is the newest live one, and subscribes them to it. */
async function moveOverlays(state: State): Promise<void> {
  const overlays = [...state.connections.values()].filter(({ caller }) => caller.channelOf);
  const hosts = new Set(overlays.flatMap(({ caller }) => caller.channelOf ?? []));
  await Promise.all(
    [...hosts].map(async (host) => {
      const newest = await findNewestLive(host);
      const own = overlays.filter(
        ({ caller, told }) => caller.channelOf === host && told !== newest,
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
  leaveAll(connection);
  connection.told = newest;
  connection.send({ type: "channel", streamId: newest });
  if (newest !== null) await subscribe(rooms, connection, { streamId: newest }, new Date());
}
