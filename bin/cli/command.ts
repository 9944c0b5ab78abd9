import { type ParseArgsConfig, parseArgs } from "node:util";

/** Exit codes of every command: success, failure, wrong usage. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

type Options = NonNullable<ParseArgsConfig["options"]>;
/** Values of a command's options, as given. */
export type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** One command of the command line. Data goes to stdout, messages to stderr. */
export type Command = {
  /** The usage after the command's name, such as `NAME [options]`. */
  usage: string;
  /** The text after the usage line, at most 80 columns wide. */
  help: string;
  options: Options;
  /** Positional arguments to offer for completion in shells. */
  choices?: string[];
  /** Maximum number of positional arguments. */
  wordsMax: number;
  /** Rejects with `UsageError` or `Failure` and a sentence for the user. Returns the exit code. */
  run(values: Values, words: string[]): Promise<number>;
};

/** Wrong usage: exit code 2. */
export class UsageError extends Error {}

/** The command failed: exit code 1. */
export class Failure extends Error {}

/** Runs a command with its arguments; returns the exit code. */
export async function runCommand(
  name: string,
  command: Command,
  given: readonly string[],
): Promise<number> {
  const usage = `Usage: npm run -s ${name} -- ${command.usage}`;
  try {
    const { values, positionals } = parseArgs({
      args: [...given],
      options: { ...command.options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(`${usage}\n\n${command.help}`);
      return exitCodes.done;
    }
    const word = positionals[command.wordsMax];
    if (word !== undefined) throw new UsageError(`Unexpected argument '${word}'`);
    return await command.run(values as Values, positionals);
  } catch (error) {
    const isUsageError = error instanceof UsageError || isParseError(error);
    if (!isUsageError && !(error instanceof Failure)) throw error;
    console.error((error as Error).message);
    if (isUsageError) console.error(`${usage}\nHelp: npm run -s ${name} -- --help`);
    return isUsageError ? exitCodes.usage : exitCodes.failed;
  }
}

const isParseError = (error: unknown) =>
  String((error as NodeJS.ErrnoException | null)?.code).startsWith("ERR_PARSE_ARGS");

/** The text of an option; undefined if it is missing. */
export function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The whole number given for an option. Throws `UsageError` outside of `min` to `max`. */
export function countOf(
  values: Values,
  name: string,
  { otherwise, min = 1, max }: { otherwise: number; min?: number; max: number },
): number {
  const text = textOf(values, name);
  if (text === undefined) return otherwise;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < min || count > max)
    throw new UsageError(`--${name}: expected ${min} to ${max}, found '${text}'`);
  return count;
}
