import { isOverlay } from "../../../domain/id.ts";
import { refuse } from "../../../domain/refusal.ts";
import { socket } from "../../../platform/realtime/socket.ts";

/** Answers messages that are not JSON, or whose action this API does not have. */
export const { contract, handler } = socket(
  {
    route: "$default",
    summary: "Answer unknown messages",
    refusals: ["overlay_reads_only"],
    grants: { connections: true },
  },
  async ({ caller }) => {
    if (isOverlay(caller.userId)) refuse("overlay_reads_only");
    refuse("request_invalid", { problem: "action: expected subscribe, unsubscribe or ping" });
  },
);
