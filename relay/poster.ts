import { ownPoster, type Poster } from "../platform/push/gateway.ts";
import { textFrame } from "./frame-bytes.ts";
import type { Connection } from "./model.ts";

/** A poster that writes directly to the connections of this relay. */
export function createPoster(connections: ReadonlyMap<string, Connection>): Poster {
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
      return find(id) === undefined ? ownPoster().probe(id) : "sent";
    },
  };
}
