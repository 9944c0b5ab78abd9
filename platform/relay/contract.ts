import type { Grants, Resources } from "../lambda/grants.ts";

/** The contract of the relay, which is not a function but a process that holds sockets. */
export type RelayContract = {
  kind: "relay";
  summary: string;
  grants: Grants;
  memoryMegabytes: number;
} & Resources;

/** What the relay may do: what the routes of the WebSocket API may, and read every log. */
export const relayContract: RelayContract = {
  kind: "relay",
  summary: "Hold WebSockets and send them the frames of their streams",
  grants: {
    read: [
      ...(["USER", "OVERLAY", "TICKET", "STREAM", "CONN", "REVOKED", "FRAMES"] as const),
      ...(["SUB", "MAIL"] as const),
    ],
    write: [
      ...(["USER", "NAME", "TICKET", "CONN", "TOKEN", "STREAM", "SUB", "BUCKET", "RATE"] as const),
      "MAIL",
    ],
    connections: true,
  },
  memoryMegabytes: 2_048,
};
