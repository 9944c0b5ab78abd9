import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { WebSocketServer } from "ws";
import { socketLimits } from "./connection.ts";
import type { Connection } from "./model.ts";
import { createPoster } from "./poster.ts";
import { createRooms } from "./rooms.ts";
import { createRoutes } from "./routes.ts";

/** All that one relay holds. */
export type State = {
  node: string;
  rooms: ReturnType<typeof createRooms>;
  connections: Map<string, Connection>;
  poster: ReturnType<typeof createPoster>;
  routes: ReturnType<typeof createRoutes>;
  server: WebSocketServer;
  /** Subprotocols that handshakes are answered with. */
  chosen: WeakMap<IncomingMessage, string>;
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
  const chosen: State["chosen"] = new WeakMap();
  const server = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false },
    maxPayload: socketLimits.messageBytes,
    handleProtocols: (_offered, request) => chosen.get(request) ?? false,
  });
  const routes = createRoutes({ rooms, connections, poster });
  const asRelay = AsyncLocalStorage.snapshot() as State["asRelay"];
  const held = { node, connections, rooms, poster, routes, server, chosen, asRelay };
  return { ...held, pending: 0, count: 0 };
}
