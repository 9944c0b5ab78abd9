import { relayOf } from "../../domain/log/subscriber.ts";
import { allDone } from "../runtime/deadline.ts";
import { listSockets } from "../store/log/connections.ts";
import { type Mail, putMail } from "../store/log/relays.ts";

/**
 * Reaches all sockets of a user: leaves `mail` for those that relays hold, and calls `act` with the
 * connection ids of the others. Throws if one fails, after all others are finished.
 */
export async function forEachSocket(
  userId: string,
  now: Date,
  mail: Omit<Mail, "connectionId">,
  act: (connectionId: string) => Promise<void>,
): Promise<void> {
  const sockets = await listSockets(userId, now);
  await allDone(
    sockets.map(({ connectionId }) => {
      const node = relayOf(connectionId);
      return node === undefined ? act(connectionId) : putMail(node, { ...mail, connectionId }, now);
    }),
  );
}
