import { refuse } from "../../domain/refusal.ts";
import { command } from "../../platform/tencent/command.ts";

/** The most characters of a path that the response repeats. */
const shownMax = 100;

/** Answers calls of the Tencent API with an unknown command. */
export const { contract, handler } = command(
  {
    command: "*",
    summary: "Answer unknown commands",
    refusals: ["command_unknown"],
    grants: {},
  },
  async ({ path }) => refuse("command_unknown", { command: path.slice(0, shownMax) }),
);
