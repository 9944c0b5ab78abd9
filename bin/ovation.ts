/**
 * The command line of Ovation: `node bin/ovation.ts COMMAND …`, or the npm script of the command's
 * name. Data goes to stdout, everything else to stderr; exit code 0 is done, 1 failed, 2 misuse.
 */
import { type Command, exitCodes, runCommand } from "./cli/command.ts";

/** Each command is loaded when it is called: most of a call is loading. */
const commands: Record<string, { says: string; load(): Promise<{ command: Command }> }> = {
  token: { says: "a token of somebody, for curl", load: () => import("./cli/token.ts") },
  trigger: { says: "messages, gifts, superlikes", load: () => import("./cli/trigger.ts") },
  listen: { says: "what happens in a stream", load: () => import("./cli/listen.ts") },
};

const names = Object.keys(commands);
const [name = "--help", ...given] = process.argv.slice(2);
const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (found !== undefined) {
  process.exitCode = await runCommand(name, (await found.load()).command, given);
} else {
  const isHelp = name === "--help" || name === "-h";
  const lines = names.map((one) => `  ${one.padEnd(12)} ${commands[one]!.says}`);
  const usage = ["Usage: node bin/ovation.ts COMMAND [options]", "", ...lines, ""];
  const more = "More of each: node bin/ovation.ts COMMAND --help";
  if (!isHelp) console.error(`There is no command '${name}'.`);
  (isHelp ? console.log : console.error)([...usage, more].join("\n"));
  process.exitCode = isHelp ? exitCodes.done : exitCodes.usage;
}
