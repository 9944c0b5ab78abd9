import type { FunctionName } from "./route-table.ts";

/**
 * The functions with most calls and all that move money: the others change once a new version has
 * succeeded there.
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
