import { BoundedSet } from "../platform/runtime/caches.ts";
import { logFault } from "../platform/runtime/log.ts";
import { type Mail, takeMail } from "../platform/store/log/relays.ts";
import { isStillAdmitted, isStillBlocked } from "../platform/store/streams/members.ts";
import type { Connection } from "./model.ts";
import { endSubscription } from "./room.ts";

/** Number of delivered mail ids that a relay remembers, to deliver each once. */
const takenMax = 10_000;

type Holder = {
  node: string;
  connections: ReadonlyMap<string, Connection>;
  opening: ReadonlySet<string>;
};

/**
 * Returns a function that reads the relay's mail from the table and delivers each message once.
 * Call it repeatedly: the next call retries a failed delivery, and delivers what a socket gets
 * during its handshake, in which it is listed already.
 */
export function createMailReader({ node, connections, opening }: Holder): () => Promise<void> {
  const taken = new BoundedSet<string>(takenMax);
  let waiting: Mail[] = [];
  return async () => {
    if (connections.size + opening.size === 0) return;
    const mails = [...waiting, ...(await takeMail(node, taken))];
    waiting = [];
    for (const mail of mails) {
      const connection = connections.get(mail.connectionId);
      const isEarly = connection ? isHeldBack(connection, mail) : opening.has(mail.connectionId);
      if (isEarly) waiting.push(mail);
      if (isEarly || connection === undefined) continue;
      await deliver(connection, mail).catch((error) => {
        logFault("A relay's message could not be delivered", error);
        waiting.push(mail);
      });
    }
  };
}

/** The first message of a connection is the `subscribed` of its URL, unless its session ends. */
const isHeldBack = ({ isGreeting }: Connection, { text }: Mail) =>
  isGreeting === true && text !== undefined && JSON.parse(text).type === "notification";

async function deliver(connection: Connection, mail: Mail): Promise<void> {
  if (mail.text !== undefined) connection.send(JSON.parse(mail.text));
  if (mail.closes) connection.close(1000);
  if (mail.rechecksBans) await removeBlocked(connection);
  if (mail.recheck === undefined) return;
  const subscription = connection.subscriptions.get(mail.recheck);
  if (!subscription?.isPaid) return;
  if (await isStillAdmitted(mail.recheck, connection.caller.userId)) return;
  endSubscription(subscription, "pass");
}

/** Ends the connection's subscriptions to streams that its user is blocked in. */
async function removeBlocked({ caller, subscriptions }: Connection): Promise<void> {
  for (const [streamId, subscription] of [...subscriptions])
    if (await isStillBlocked(streamId, caller.userId, new Date()))
      endSubscription(subscription, "blocked");
}
