import { type Command, exitCodes, type Values } from "./command.ts";

/** `ovation audit`: checks that all credits of a table, a data directory or a journal add up. */
export const command: Command = {
  usage: "[options]",
  help: `Checks that all credits in DATA_DIR (default .data) add up, and prints every
difference; exit code 1 if there is one. Ovation may be running.

  --stage NAME     audits the table of a deployed stage, with the AWS
                   credentials of the environment
  --table NAME     audits this table; with --stage it must be that stage's
  --export FILE    writes a journal of the audited data. The journal of a
                   table is consistent only if nothing writes meanwhile
  --verify FILE    audits a journal offline`,
  options: {
    stage: { type: "string" },
    table: { type: "string" },
    export: { type: "string" },
    verify: { type: "string" },
  },
  wordsMax: 0,
  run: (values) => runScript(() => import("../operate/audit.ts"), values),
};

/**
 * Runs a program of `bin/` that parses its own arguments, with those of a command. Returns its exit
 * code.
 */
async function runScript(load: () => Promise<unknown>, values: Values): Promise<number> {
  const given = Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, String(value)];
  });
  process.argv.splice(2, process.argv.length, ...given);
  // Importing the program runs it to its end.
  await load();
  return Number(process.exitCode ?? exitCodes.done);
}
