import { isOverlay } from "../../../domain/id.ts";
import { refuse } from "../../../domain/refusal.ts";
import { socket } from "../../../platform/realtime/socket.ts";

/** Rejects messages that are not JSON or have an unknown action. */
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
