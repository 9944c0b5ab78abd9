import { relayOf } from "../domain/log/subscriber.ts";
import { ownPoster, type Poster } from "../platform/push/gateway.ts";
import type { Connection } from "./model.ts";
import { textFrame } from "./websocket-frames.ts";

/** A poster that writes directly to the connections of this relay, `node`. */
export function createPoster(
  node: string,
  connections: ReadonlyMap<string, Connection>,
  opening: ReadonlySet<string>,
): Poster {
  const find = (id: string) => {
    const connection = connections.get(id);
    return connection?.isOpen() ? connection : undefined;
  };
  return {
    async post(id, { bytes }) {
      const connection = find(id);
      connection?.write(textFrame(bytes));
      return connection === undefined ? "gone" : "sent";
    },
    async close(id) {
      const connection = find(id);
      connection?.close(1000);
      return connection === undefined ? "gone" : "sent";
    },
    async probe(id) {
      if (opening.has(id) || find(id) !== undefined) return "sent";
      // A closed socket of this relay may still be listed; it no longer counts against its user's
      // limit.
      return relayOf(id) === node ? "gone" : ownPoster().probe(id);
    },
  };
}
