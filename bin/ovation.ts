/**
 * Ovation's command line: `node bin/ovation.ts COMMAND …`, or the npm script of the same name. Data
 * goes to stdout, everything else to stderr. Exit codes: 0 success, 1 failure, 2 wrong usage.
 */
import { exitCodes, runCommand } from "./cli/command.ts";
import { commandNames, descriptionOf, loadCommand } from "./cli/commands.ts";

const usage = [
  "Usage: npm run -s ovation -- COMMAND [options]",
  "",
  ...commandNames.map((name) => `  ${name.padEnd(12)} ${descriptionOf(name)}`),
  "",
  "Options of a command: npm run -s ovation -- COMMAND --help",
].join("\n");

const [name = "--help", ...given] = process.argv.slice(2);

// The reader, such as head, has closed the pipe. `listen` has no end of its own; what other
// commands have not printed, such as an audit's result, may be a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(name === "listen" ? exitCodes.done : exitCodes.failed);
});

const command = await loadCommand(name);
if (command !== undefined) process.exitCode = await runCommand(name, command, given);
else if (name === "--help" || name === "-h") console.log(usage);
else {
  console.error(`There is no command '${name}'.\n${usage}`);
  process.exitCode = exitCodes.usage;
}
