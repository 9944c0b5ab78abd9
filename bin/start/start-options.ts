import { parseArgs } from "node:util";
import { settingNames } from "./settings.ts";

const usage = `Usage: npm start [-- options]

The whole of Ovation on this machine, until Ctrl-C.

  --json     one JSON object with everything that a start prints, tokens too
  --help     this

Settings are variables of the environment, such as PORT=4100 npm start:

  PORT       4000; 0 takes a free one
  HOST       127.0.0.1; 0.0.0.0 lets phones and containers in
  DATA_DIR   .data; :memory: keeps nothing
  DEMO       on; off writes no demo data
  STAGE      dev; prod runs that stage's template
  LOG        text; json for machines, off for none
  RELAY      on: a relay holds the sockets of all rooms; off
  RELAY_PORT its port; a free one
  WATCH      on: a changed source runs at once; off`;

/** The parsed arguments: run, or print `say` and exit. */
export type StartOptions = { json: boolean } | { say: string; exitCode: 0 | 2 };

/** Parses the arguments of `npm start`. Unknown ones are refused with a hint. */
export function readStartOptions(given: readonly string[]): StartOptions {
  const options = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
  try {
    const { values } = parseArgs({ args: [...given], options });
    return values.help ? { say: usage, exitCode: 0 } : { json: values.json ?? false };
  } catch (error) {
    const [, name = ""] = /^-*([\w-]+)/.exec(given.find((one) => /^-/.test(one)) ?? "") ?? [];
    const setting = settingNames.find((one) => one === name.toUpperCase().replaceAll("-", "_"));
    const hint = setting ? `${name} is a setting: ${setting}=… npm start` : "";
    const say = [(error as Error).message, hint, "", usage].filter((line, at) => line || at > 1);
    return { say: say.join("\n"), exitCode: 2 };
  }
}
