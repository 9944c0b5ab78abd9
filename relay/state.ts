import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Caller } from "../platform/auth/caller.ts";
import type { readQuery } from "../platform/realtime/handshake.ts";
import type { Connection } from "./model.ts";
import { createPoster } from "./poster.ts";
import { createRooms } from "./rooms.ts";
import { createRoutes } from "./routes.ts";

/** What the connection of an admitted handshake needs. */
export type Admitted = {
  connectionId: string;
  connectedAt: number;
  caller: Caller;
  /** The subprotocol that the handshake is answered with. */
  protocol: string | undefined;
  query: ReturnType<typeof readQuery>;
};

/** All that one relay holds. */
export type State = {
  node: string;
  rooms: ReturnType<typeof createRooms>;
  connections: Map<string, Connection>;
  poster: ReturnType<typeof createPoster>;
  routes: ReturnType<typeof createRoutes>;
  /** Handshakes that were admitted. */
  admitted: WeakMap<IncomingMessage, Admitted>;
  /** Handshakes that are being judged. */
  pending: number;
  count: number;
  /**
   * Does something as what this relay began: in a thread of the runner that says whose settings and
   * rights count, and events of sockets come without it.
   */
  asRelay: <Result>(act: () => Result) => Result;
};

/** A relay that holds nothing yet. */
export function createState(): State {
  const node = randomBytes(9).toString("hex");
  const connections = new Map<string, Connection>();
  const rooms = createRooms(node);
  const poster = createPoster(connections);
  const routes = createRoutes({ rooms, connections, poster });
  const asRelay = AsyncLocalStorage.snapshot() as State["asRelay"];
  const held = { node, connections, rooms, poster, routes, asRelay };
  return { ...held, admitted: new WeakMap(), pending: 0, count: 0 };
}
