import type { Command } from "./command.ts";

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
  run: async (values) => (await import("../operate/audit.ts")).runAudit(values),
};
