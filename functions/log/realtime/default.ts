import { isOverlay } from "../../../domain/id.ts";
import { refuse } from "../../../domain/refusal.ts";
import { socket } from "../../../platform/realtime/socket.ts";

/** Rejects messages that are not JSON or have an unknown action. */
export async function refuseAction({ caller }: { caller: { userId: string } }): Promise<never> {
  if (isOverlay(caller.userId)) refuse("overlay_reads_only");
  return refuse("request_invalid", { problem: "action: expected subscribe, unsubscribe or ping" });
}

export const { contract, handler } = socket(
  {
    route: "$default",
    summary: "Answer unknown messages",
    refusals: ["overlay_reads_only"],
    grants: { connections: true },
  },
  refuseAction,
);
