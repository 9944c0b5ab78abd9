import type { FunctionName } from "./route-table.ts";

/**
 * What carries most calls of the HTTP API and all money of people: the others change once a new
 * version has passed there.
 */
export const prodCanaries: readonly FunctionName[] = [
  "auth/http",
  "chat/list-messages",
  "chat/send-message",
  "chat/superlike",
  "gifts/create",
  "streams/events",
  "streams/get",
  "streams/join",
  "users/get-me",
  "wallets/get",
];
