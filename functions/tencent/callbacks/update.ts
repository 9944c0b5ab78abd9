import * as z from "zod";
import { CallbackCommands } from "../../../domain/tencent/callback.ts";
import { DestinationUrl } from "../../../platform/outbound/destination.ts";
import { changeCallbacks } from "../../../platform/store/tencent/callbacks.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Replaces the application's URL and its callbacks. */
export const { contract, handler } = command(
  {
    command: "live_config/update_callback",
    summary: "Update the callbacks of the application",
    body: z.object({ Url: DestinationUrl, CallbackCommandList: CallbackCommands }),
    refusals: ["callbacks_not_found"],
    grants: { write: ["CALLBACKS"] },
  },
  async ({ body }) => changeCallbacks(body),
);
