import { parseArgs } from "node:util";
import { settingNames } from "./settings.ts";

const usage = `Usage: npm start [-- options]

Runs all of Ovation on this machine until Ctrl-C.

  --json     prints one JSON object with all startup output, including tokens
  --help     prints this help

Settings are environment variables, such as PORT=4100 npm start:

  PORT       default 4000; 0 selects a free port
  HOST       default 127.0.0.1; 0.0.0.0 lets phones and containers connect
  DATA_DIR   default .data; :memory: stores nothing on disk
  DEMO       default on; off writes no demo data
  STAGE      default dev; prod runs the template of prod
  LOG        default text; json, or off
  RELAY      on: a relay holds all sockets; default: as the stage says
  RELAY_PORT the relay's port; default: a free one
  WATCH      default on under npm start: reloads changed sources; off`;

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
