import type * as z from "zod";
import type { RateKind } from "../../domain/rate.ts";
import type { RefusalCode } from "../../domain/refusal.ts";
import type { Grants, Resources } from "../lambda/grants.ts";

/** The contract of one route of the WebSocket API. */
export type SocketContract = {
  kind: "socket";
  /** `$connect`, `$disconnect`, `$default` or the value of a message's `action`. */
  route: "$connect" | "$disconnect" | "$default" | (string & {});
  summary: string;
  /** The schema of the message, without `action`. */
  message?: z.ZodObject;
  refusals?: readonly RefusalCode[];
  /** A further rate limit, in addition to `handshakes` or `messages`, which apply to all. */
  rate?: RateKind;
  grants: Grants;
} & Resources;

/** What causes a call of a route. */
export type EventType = "CONNECT" | "MESSAGE" | "DISCONNECT";

const eventTypes: Record<string, EventType> = {
  $connect: "CONNECT",
  $disconnect: "DISCONNECT",
};

/** The type of the events that a route handles. */
export const eventTypeOf = (route: SocketContract["route"]): EventType =>
  eventTypes[route] ?? "MESSAGE";
