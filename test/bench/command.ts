import { parseArgs } from "node:util";

/** The options of a command besides `--help`: flags, and those with a value. */
type Options = Record<string, { type: "string" | "boolean" }>;
type Values<O extends Options> = {
  [name in keyof O]?: O[name]["type"] extends "boolean" ? boolean : string;
};

/**
 * Reads a benchmark's command line. `--help` prints the usage and exits with 0; an unknown option
 * prints it and exits with 2 before anything runs.
 */
export function readCommand<O extends Options>(usage: string, options: O) {
  try {
    const { values, positionals } = parseArgs({
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    if ("help" in values) {
      console.log(usage);
      process.exit(0);
    }
    return { values: values as Values<O>, names: positionals };
  } catch (error) {
    refuse((error as Error).message, usage);
  }
}

/** Prints what is wrong with the command line and the usage, and exits with 2. */
export function refuse(problem: string, usage: string): never {
  console.error(`${problem}\n\n${usage}`);
  process.exit(2);
}

/** The whole numbers of an option such as `20,100`; exits with 2 if it contains anything else. */
export function readNumbers(text: string | undefined, usage: string): number[] | undefined {
  const numbers = text?.split(",").map(Number);
  if (numbers?.some((number) => !Number.isInteger(number) || number < 1))
    refuse(`Expected whole numbers, found '${text}'`, usage);
  return numbers;
}
