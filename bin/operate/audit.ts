/** `npm run audit`: checks that all credits of a table, a data directory or a journal add up. */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { audit, type Report } from "../../platform/audit/audit.ts";
import { exportJournal, readJournal, sealedAt } from "../../platform/audit/journal.ts";
import { scanTable } from "../../platform/table/query.ts";
import { openTable, tableOptions } from "../aws/table.ts";
import { runOnStage } from "./stage-command.ts";

const usage = `npm run audit -- [options]
  (no option)      audits DATA_DIR (default .data), whether the system runs or not
  --stage NAME     audits the table of a deployed stage, with the AWS credentials of the environment
  --table NAME     the same by the table's name; with --stage it has to be that stage's
  --export FILE    writes a journal of what was audited: of DATA_DIR as of one moment; of a table
                   only if nothing writes meanwhile, such as one restored to a point in time
  --verify FILE    audits a journal, offline`;

/** How long a mismatch may be explained by records in flight. */
const patienceMilliseconds = 5000;

const readGiven = () =>
  parseArgs({
    options: {
      ...tableOptions,
      ...{ export: { type: "string" }, verify: { type: "string" } },
    },
  }).values;

async function run(values: ReturnType<typeof readGiven>): Promise<void> {
  if (values.verify !== undefined) {
    const path = values.verify;
    const now = await sealedAt(path);
    tell(await audit({ read: () => readJournal(path), now, patienceMilliseconds: 0, pause }));
    return;
  }
  const close = await openTable(values, values.export !== undefined);
  try {
    const now = new Date();
    let journal = values.export;
    const read = () => {
      const path = journal;
      // The first pass reads the journal; later ones only list mismatches.
      journal = undefined;
      return path === undefined ? scanTable() : exportJournal(scanTable(), path, now);
    };
    tell(await audit({ read, now, patienceMilliseconds, pause }));
  } finally {
    await close();
  }
}

function tell({ sums, misfits, more }: Report): void {
  const { items, wallets, entries, gifts } = sums;
  const { issued, owed, debtors, balances, pending, held, paidOut } = sums;
  console.log(`${items} items: ${wallets} wallets, ${entries} entries, ${gifts} gifts`);
  console.log(`issued ${issued} + owed ${owed} = ${issued + owed}`);
  console.log(
    `balances ${balances} + pending ${pending} + held ${held} + paid out ${paidOut} = ` +
      `${balances + pending + held + paidOut}`,
  );
  console.log(`owed after refunds: ${owed} credits by ${debtors} wallets`);
  for (const misfit of misfits)
    console.log(`MISFIT ${misfit.problem} [${misfit.items.join(", ")}]`);
  if (more > 0) console.log(`… and ${more} more`);
  const count = misfits.length + more;
  console.log(count === 0 ? "Everything fits." : `${count} things do not fit.`);
  process.exitCode = count === 0 ? 0 : 1;
}

await runOnStage({ usage, read: readGiven, run });
