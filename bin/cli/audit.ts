import type { Command } from "./command.ts";
import { runScript } from "./script.ts";

/** `ovation audit`: checks that all credits of a table, a data directory or a journal add up. */
export const command: Command = {
  usage: "[options]",
  help: `Reads all of DATA_DIR (default .data), whether the system runs or not, and
proves that the money fits, naming everything that does not: exit code 0 or 1.

  --stage NAME     the table of a deployed stage, with the AWS credentials of
                   the environment
  --table NAME     the same by the table's name; with --stage it has to be
                   that stage's
  --export FILE    writes a journal of what was audited: of DATA_DIR as of one
                   moment; of a table only if nothing writes meanwhile
  --verify FILE    audits a journal, offline`,
  options: {
    stage: { type: "string" },
    table: { type: "string" },
    export: { type: "string" },
    verify: { type: "string" },
  },
  wordsMax: 0,
  run: (values) => runScript(() => import("../operate/audit.ts"), values),
};
