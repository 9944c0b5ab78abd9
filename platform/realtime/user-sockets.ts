import { relayOf } from "../../domain/log/subscriber.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { listSockets } from "../store/log/connections.ts";
import { putRelayMessage, type RelayMessage } from "../store/log/relays.ts";

/**
 * Reaches all sockets of a user: leaves `message` for those that relays hold, and calls `act` with
 * the connection ids of the others. Throws if one fails, after all others are finished.
 */
export async function forEachSocket(
  userId: string,
  now: Date,
  message: Omit<RelayMessage, "connectionId">,
  act: (connectionId: string) => Promise<void>,
): Promise<void> {
  const sockets = await listSockets(userId, now);
  await waitForAll(
    sockets.map(({ connectionId }) => {
      const node = relayOf(connectionId);
      return node === undefined
        ? act(connectionId)
        : putRelayMessage(node, { ...message, connectionId }, now);
    }),
  );
}
