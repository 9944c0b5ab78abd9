import { exitCodes, type Values } from "./command.ts";

/**
 * Runs a program of `bin/` that parses its own arguments, with those of a command. Returns its exit
 * code.
 */
export async function runScript(load: () => Promise<unknown>, values: Values): Promise<number> {
  const given = Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, String(value)];
  });
  process.argv.splice(2, process.argv.length, ...given);
  // Importing the program runs it to its end.
  await load();
  return Number(process.exitCode ?? exitCodes.done);
}
