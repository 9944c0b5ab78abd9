import * as z from "zod";
import { CallbackCommands } from "../../../domain/tencent/callback.ts";
import { DestinationUrl } from "../../../platform/outbound/destination.ts";
import { recordCallbacks } from "../../../platform/store/tencent/callbacks.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Sets the application's URL and its callbacks for the first time. */
export const { contract, handler } = command(
  {
    command: "live_config/set_callback",
    summary: "Configure the callbacks of the application",
    body: z.object({ Url: DestinationUrl, CallbackCommandList: CallbackCommands }),
    refusals: ["callbacks_exist"],
    grants: { write: ["CALLBACKS"] },
  },
  async ({ body }) => recordCallbacks(body),
);
