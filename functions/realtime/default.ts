import { refuse } from "../../domain/refusal.ts";
import { socket } from "../../platform/realtime/socket.ts";

/** Messages that are not JSON, or whose action is none of this API's. */
export const { contract, handler } = socket(
  {
    route: "$default",
    says: "Answer what is no message of this API",
    refusals: [],
    grants: { connections: true },
  },
  async () =>
    refuse("request_invalid", { problem: "action: expected subscribe, unsubscribe or ping" }),
);
