import { refuse } from "../../domain/refusal.ts";
import { socket } from "../../platform/realtime/socket.ts";

/** Answers messages that are not JSON, or whose action this API does not have. */
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
