import { BoundedSet } from "../platform/runtime/caches.ts";
import { logFault } from "../platform/runtime/log.ts";
import { type RelayMessage, takeRelayMessages } from "../platform/store/log/relays.ts";
import { isStillAdmitted, isStillBlocked } from "../platform/store/streams/members.ts";
import type { Connection } from "./model.ts";
import { endSubscription } from "./room.ts";

/** Number of ids of delivered messages that a relay remembers, to deliver each once. */
const takenMax = 10_000;

type Holder = {
  node: string;
  connections: ReadonlyMap<string, Connection>;
  opening: ReadonlySet<string>;
};

/**
 * Returns a function that reads the relay's messages from the table and delivers each message once.
 * Call it repeatedly: the next call retries failed deliveries, and delivers messages for sockets
 * that were still opening, which functions find because a socket is listed during its handshake.
 */
export function createInboxReader({ node, connections, opening }: Holder): () => Promise<void> {
  const taken = new BoundedSet<string>(takenMax);
  let waiting: RelayMessage[] = [];
  return async () => {
    if (connections.size + opening.size === 0) return;
    const messages = [...waiting, ...(await takeRelayMessages(node, taken))];
    waiting = [];
    for (const message of messages) {
      const connection = connections.get(message.connectionId);
      const isEarly = connection
        ? isHeldBack(connection, message)
        : opening.has(message.connectionId);
      if (isEarly) waiting.push(message);
      if (isEarly || connection === undefined) continue;
      await deliver(connection, message).catch((error) => {
        logFault("A relay's message could not be delivered", error);
        waiting.push(message);
      });
    }
  };
}

/** Notifications wait for the `subscribed` of a URL, which must be the client's first message. */
const isHeldBack = ({ isGreeting }: Connection, { text }: RelayMessage) =>
  isGreeting === true && text !== undefined && JSON.parse(text).type === "notification";

async function deliver(connection: Connection, message: RelayMessage): Promise<void> {
  if (message.text !== undefined) connection.send(JSON.parse(message.text));
  if (message.closes) connection.close(1000);
  if (message.rechecksBans) await removeBlocked(connection);
  if (message.recheck === undefined) return;
  const subscription = connection.subscriptions.get(message.recheck);
  if (!subscription?.isPaid) return;
  if (await isStillAdmitted(message.recheck, connection.caller.userId)) return;
  endSubscription(subscription, "pass");
}

/** Ends the connection's subscriptions to streams that its user is blocked in. */
async function removeBlocked({ caller, subscriptions }: Connection): Promise<void> {
  for (const [streamId, subscription] of [...subscriptions])
    if (await isStillBlocked(streamId, caller.userId, new Date()))
      endSubscription(subscription, "blocked");
}
