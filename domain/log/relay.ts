/*
 * A relay holds its own sockets. The ids of its connections say so, so that senders know how to
 * reach each connection.
 */

const mark = "relay";

/** The id of a relay's `count`th connection. */
export const relayConnectionId = (node: string, count: number) => `${mark}-${node}-${count}`;

/** The relay that holds a connection; undefined where API Gateway does. */
export function relayOf(connectionId: string): string | undefined {
  const [first, node] = connectionId.split("-");
  return first === mark ? node : undefined;
}
