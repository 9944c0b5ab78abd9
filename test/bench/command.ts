import { parseArgs } from "node:util";

/** The options of a command besides `--help`, each with a value. */
type Options = Record<string, { type: "string" }>;

/**
 * Reads a benchmark's command line. `--help` prints the usage and exits with 0; an unknown option
 * prints it and exits with 2 before anything runs.
 */
export function readCommand<O extends Options>(usage: string, options: O, args = process.argv) {
  try {
    const { values, positionals } = parseArgs({
      args: args.slice(2),
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    if ("help" in values) {
      console.log(usage);
      process.exit(0);
    }
    return { values: values as { [name in keyof O]?: string }, names: positionals };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
