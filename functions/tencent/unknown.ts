import { unknownCommand } from "../../platform/tencent/codes.ts";
import { command } from "../../platform/tencent/command.ts";

/** Answers calls of the Tencent API with an unknown command. */
export const { contract, handler } = command(
  {
    command: "*",
    summary: "Answer unknown commands",
    refusals: ["command_unknown"],
    grants: {},
  },
  async ({ path }) => {
    throw unknownCommand(path);
  },
);
