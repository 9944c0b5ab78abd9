import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Caller } from "../platform/auth/caller.ts";
import type { readQuery } from "../platform/realtime/handshake.ts";
import { logFault } from "../platform/runtime/log.ts";
import { type Listing, removeSockets } from "../platform/store/log/connections.ts";
import { type Backlog, createBacklog } from "./backlog.ts";
import type { Connection } from "./model.ts";
import { createPoster } from "./poster.ts";
import { createRooms } from "./rooms.ts";
import { createRoutes } from "./routes.ts";

/** What the connection of an admitted handshake needs. */
export type Admitted = {
  connectionId: string;
  connectedAt: number;
  caller: Caller;
  /** The accepted subprotocol. */
  protocol: string | undefined;
  query: ReturnType<typeof readQuery>;
};

/** The state of one relay. */
export type State = {
  node: string;
  rooms: ReturnType<typeof createRooms>;
  connections: Map<string, Connection>;
  /** The ids of connections whose handshakes are in progress. */
  opening: Set<string>;
  poster: ReturnType<typeof createPoster>;
  routes: ReturnType<typeof createRoutes>;
  /** Admitted handshakes. */
  admitted: WeakMap<IncomingMessage, Admitted>;
  /** Handshakes that wait or are in progress. */
  handshakes: Backlog<() => Promise<void>>;
  /** Sockets that have ended and are still listed. */
  ended: Backlog<Listing>;
  /** Whether the relay stops: no socket opens any more. */
  isDraining: boolean;
  count: number;
  /** When the last stored heartbeat began, in milliseconds since 1970. */
  markedAt: number;
  /**
   * Runs an action in the async context in which the relay was started: the local runner's context
   * determines settings and permissions, and socket events do not carry it.
   */
  asRelay: <Result>(act: () => Result) => Result;
};

/**
 * The most handshakes in progress at a time. Each makes several calls to the table, to which there
 * are 50 connections; between those calls the thread writes frames to the open sockets.
 */
const handshakesMax = 64;
/** Sockets that are removed from the table together, and the pause after a failed removal. */
const removedMax = 25;
const removedAgainMilliseconds = 1_000;

/** Creates the state of a relay without connections. */
export function createState(): State {
  const node = randomBytes(9).toString("hex");
  const connections = new Map<string, Connection>();
  const rooms = createRooms(node);
  const opening = new Set<string>();
  const poster = createPoster(node, connections, opening);
  const routes = createRoutes({ rooms, connections, poster });
  const asRelay = AsyncLocalStorage.snapshot() as State["asRelay"];
  const held = { node, connections, rooms, poster, routes, asRelay };
  const handshakes: State["handshakes"] = createBacklog(
    { batchesMax: handshakesMax },
    async ([shake]) => shake?.(),
  );
  const ended: State["ended"] = createBacklog({ batchMax: removedMax }, (sockets) =>
    removeSockets(sockets).catch((error) => {
      logFault("Sockets were not removed", error);
      const again = () => sockets.forEach(ended.add);
      setTimeout(again, removedAgainMilliseconds).unref();
    }),
  );
  const admitted: State["admitted"] = new WeakMap();
  return {
    ...held,
    opening,
    handshakes,
    ended,
    admitted,
    isDraining: false,
    count: 0,
    markedAt: Date.now(),
  };
}
