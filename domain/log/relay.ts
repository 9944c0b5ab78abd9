/*
 * A relay holds sockets of its own. Its connections say so by their ids, so that whoever has
 * something for a connection knows which way leads there.
 */

const mark = "relay";

/** The id of a relay's `count`th connection. */
export const relayConnectionId = (node: string, count: number) => `${mark}-${node}-${count}`;

/** The relay that holds a connection; undefined where API Gateway does. */
export function relayOf(connectionId: string): string | undefined {
  const [first, node] = connectionId.split("-");
  return first === mark ? node : undefined;
}
