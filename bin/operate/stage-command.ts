import { type Stage, stageNames, stageOf } from "../../lib/stages/stages.ts";
import { isDataMismatch } from "../aws/table.ts";

/** An invalid option or argument; the message says what was found. */
export class UsageError extends Error {}

/**
 * The stage in the arguments; undefined if there is none. Throws UsageError for an unknown one and
 * for further arguments: a second stage would be silently ignored.
 */
export function readStageName([name, further]: readonly string[]): string | undefined {
  if (name !== undefined && !stageNames.includes(name))
    throw new UsageError(`Expected a stage, found '${name}'`);
  if (further !== undefined) throw new UsageError(`Unexpected argument '${further}'`);
  return name;
}

/** Throws UsageError if `--stage` names no stage. */
export function assertStageOption(name: string | undefined): void {
  if (name === undefined || stageNames.includes(name)) return;
  throw new UsageError(`--stage: expected one of ${stageNames.join(", ")}, found '${name}'`);
}

/** The positive number that an option has. Throws UsageError for anything else. */
export function readPositive(option: string, text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (value >= 1) return value;
  throw new UsageError(`--${option}: expected a positive number, found '${text}'`);
}

/** Prints the usage and exits with 0 if the command line asks for it: `--help` or `-h`. */
export function answerHelp(usage: string): void {
  if (!process.argv.slice(2).some((option) => option === "--help" || option === "-h")) return;
  console.log(usage);
  process.exit();
}

/**
 * Lets a command finish although the reader of its output, such as `head`, has left: by default,
 * Node.js would end it between two changes.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
}

/** Prints the problem and the usage, and exits. */
export function refuse(problem: string, usage: string): never {
  console.error(`${problem}\n${usage}`);
  process.exit(2);
}

/**
 * The stage that a deployment's command line names. Refuses a command without one, or with a second
 * one: CDK would refuse it only after the bundling, or delete the first stage without it.
 */
export function readStage(
  [name, further]: readonly string[],
  usage: string,
  contextOf: (key: string) => string | undefined = () => undefined,
): Stage {
  if (name === undefined || name.startsWith("-")) refuse("Expected a stage", usage);
  if (!stageNames.includes(name)) refuse(`Expected a stage, found '${name}'`, usage);
  if (further !== undefined && !further.startsWith("-"))
    refuse(`Unexpected argument '${further}'`, usage);
  try {
    return stageOf((key) => (key === "stage" ? name : contextOf(key)));
  } catch (error) {
    refuse((error as Error).message, usage);
  }
}

type StageCommand<Options> = {
  usage: string;
  /** Parses the command line before anything is done. */
  read: () => Options;
  run: (given: Options) => Promise<void>;
  /** What to do after a failure. */
  advice?: (given: Options) => string;
};

/** A connection that is refused or cut: the system behind it has ended. */
const lostCodes = ["ECONNREFUSED", "ECONNRESET", "EPIPE"];

/** The SDK's sentences for a missing or empty region, which do not say where to set one. */
const noRegion = /^Region is missing|^Region not accepted: region=""/;

/** Why a call of AWS failed, for the operator. */
export const reasonOf = ({ message }: Error): string =>
  noRegion.test(message)
    ? "No region is set: set AWS_REGION, or `region` in lib/stages/stages.ts"
    : message;

/** Prints why a command failed. Returns its exit code: 2 as in `runOnStage`. */
export function explain(error: unknown): 1 | 2 {
  const { message, code = "" } = error as NodeJS.ErrnoException;
  console.error(
    lostCodes.includes(code)
      ? `The table does not respond (${message}). Run the command again when it does.`
      : reasonOf(error as Error),
  );
  const isMisused = error instanceof UsageError || noRegion.test(message);
  return isDataMismatch(error) || isMisused ? 2 : 1;
}

/**
 * Runs a command on the data of a stage, or of DATA_DIR. Exit code 2: wrong options, no region, or
 * data of another stage, account or version; 1: failure.
 */
export async function runOnStage<Options>(command: StageCommand<Options>): Promise<void> {
  const { usage, read, run, advice } = command;
  outliveReaders();
  answerHelp(usage);
  let given: Options | undefined;
  try {
    given = read();
    await run(given);
  } catch (error) {
    const code = explain(error);
    if (given === undefined) console.error(usage);
    else if (code === 1 && advice !== undefined) console.error(advice(given));
    process.exitCode = given === undefined ? 2 : code;
  }
}
