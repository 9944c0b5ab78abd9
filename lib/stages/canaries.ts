import type { FunctionName } from "./route-table.ts";

/**
 * The functions with most calls and most movements of money: the others change once a new version
 * has succeeded there. A function that is removed here keeps its alias `live`; to add it again,
 * delete the alias first (`aws lambda delete-alias`).
 */
export const prodCanaries: readonly FunctionName[] = [
  "auth/http",
  "chat/list-messages",
  "chat/send-message",
  "chat/superlike",
  "gifts/create",
  "money/settle",
  "realtime/connect",
  "realtime/fan-out",
  "streams/events",
  "streams/get",
  "streams/join",
  "tencent/callbacks/receive",
  "tencent/gifts/send",
  "users/get-me",
  "wallets/get",
];
