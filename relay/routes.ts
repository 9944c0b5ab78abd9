import * as connectRoute from "../functions/log/realtime/connect.ts";
import * as defaultRoute from "../functions/log/realtime/default.ts";
import * as pingRoute from "../functions/log/realtime/ping.ts";
import * as subscribeRoute from "../functions/log/realtime/subscribe.ts";
import * as unsubscribeRoute from "../functions/log/realtime/unsubscribe.ts";
import type { Poster } from "../platform/push/gateway.ts";
import { acceptHandshake, noteUser } from "../platform/realtime/handshake.ts";
import { isStillValid } from "../platform/realtime/overlay.ts";
import { type SocketEvent, socket } from "../platform/realtime/socket.ts";
import { admitSocket, listingOf, listSocket } from "../platform/realtime/socket-limit.ts";
import { assertStreamGranted } from "../platform/realtime/subscription.ts";
import { setting } from "../platform/runtime/env.ts";
import type { Connection } from "./model.ts";
import { removeSubscription } from "./room.ts";
import type { Rooms } from "./rooms.ts";
import { subscribe } from "./subscribe.ts";

/** What the routes operate on. */
type Held = { rooms: Rooms; connections: Map<string, Connection>; poster: Poster };

/** Handles a message of a connection. */
type Route = (event: SocketEvent) => Promise<{ statusCode: number; headers?: object }>;

/**
 * The routes of the WebSocket API with the same contracts, rates and refusals, for subscriptions in
 * this process.
 */
export function createRoutes({ rooms, connections, poster }: Held) {
  const openPoster = () => poster;
  const connectionOf = (id: string): Connection => {
    const connection = connections.get(id);
    if (connection === undefined) throw new Error(`The connection ${id} is not open`);
    return connection;
  };
  const connect = socket(
    connectRoute.contract,
    async ({ event, connectionId, connectedAt, caller, now }) => {
      const listing = listingOf(caller, connectionId);
      const isGood = () => isStillValid(caller);
      const terms = { socketsMax: setting("SOCKETS_PER_USER"), isStillValid: isGood };
      await listSocket({ ...listing, connectedAt, issuedAt: caller.issuedAt });
      const admission = admitSocket(openPoster, listing, terms, now);
      const [verdict] = await Promise.all([admission, noteUser(caller, admission, now)]);
      if (verdict !== "admitted") return { statusCode: verdict === "too_many" ? 429 : 401 };
      return acceptHandshake(event.headers);
    },
    openPoster,
  );
  const subscribing = socket(
    subscribeRoute.contract,
    async ({ message, connectionId, now }) => {
      const connection = connectionOf(connectionId);
      assertStreamGranted(grantedStreamOf(connection), message.streamId);
      await subscribe(rooms, connection, message, now);
    },
    openPoster,
  );
  const unsubscribing = socket(
    unsubscribeRoute.contract,
    async ({ message: { streamId }, connectionId, answer }) => {
      const connection = connectionOf(connectionId);
      assertStreamGranted(grantedStreamOf(connection), streamId);
      const subscription = connection.subscriptions.get(streamId);
      if (subscription !== undefined) removeSubscription(subscription);
      await answer({ type: "unsubscribed", streamId });
    },
    openPoster,
  );
  const ping = socket(
    pingRoute.contract,
    async ({ connectionId, answer }) => {
      const { subscriptions } = connectionOf(connectionId);
      const heads = [...subscriptions].map(([id, { room }]) => [id, room.end.head]);
      await answer({ type: "pong", heads: Object.fromEntries(heads) });
    },
    openPoster,
  );
  const other = socket(defaultRoute.contract, defaultRoute.refuseAction, openPoster);
  const byAction = new Map([
    ["subscribe", subscribing.handler as Route],
    ["unsubscribe", unsubscribing.handler as Route],
    ["ping", ping.handler as Route],
  ]);
  return {
    connect: connect.handler as Route,
    /** Handles a message and sends its response. */
    async handle({ id, connectedAt, context }: Connection, body: string): Promise<void> {
      const action = actionIn(body);
      const route = byAction.get(action) ?? (other.handler as Route);
      const about = { connectionId: id, connectedAt, authorizer: context };
      await route({ requestContext: { ...about, eventType: "MESSAGE" }, body });
    },
  };
}

/** The stream that a connection is limited to; undefined if it is not limited. */
export const grantedStreamOf = ({ caller, channelStreamId }: Connection): string | undefined =>
  caller.channelOf === undefined ? caller.streamId : (channelStreamId ?? "");

function actionIn(body: string): string {
  try {
    const { action } = JSON.parse(body);
    return typeof action === "string" ? action : "";
  } catch {
    return "";
  }
}
