import { refuse } from "../../domain/refusal.ts";
import { command } from "../../platform/tencent/command.ts";

/** Characters of a path that an answer repeats. */
const shownMax = 100;

/** Every call of the Tencent API that names no command. */
export const { contract, handler } = command(
  {
    command: "*",
    summary: "Answer unknown commands",
    refusals: ["command_unknown"],
    callsPerSecond: 200,
    grants: {},
  },
  async ({ path }) => refuse("command_unknown", { command: path.slice(0, shownMax) }),
);
