import type { Command } from "./command.ts";
import { runScript } from "./script.ts";

/** `ovation cost`: the monthly bill of live rooms on AWS. */
export const command: Command = {
  usage: "[options]",
  help: `Estimates what a month of live rooms costs on AWS, from measured usage and list
prices.

  --viewers N      concurrent viewers, 0 to 1,000,000 (default 1000)
  --messages RATE  chat messages of all viewers, such as 20/s (default 20/s)
  --gifts RATE     paid gifts, such as 2/s or 5/min (default 2/s)
  --hours N        hours of live video a month, 0 to 100,000 (default 100)
  --json           prints JSON`,
  options: {
    viewers: { type: "string" },
    messages: { type: "string" },
    gifts: { type: "string" },
    hours: { type: "string" },
    json: { type: "boolean" },
  },
  wordsMax: 0,
  run: (values) => runScript(() => import("../operate/cost.ts"), values),
};
