import { setTimeout as pause } from "node:timers/promises";
import { audit, type Report } from "../../platform/audit/audit.ts";
import { exportJournal, readJournal, sealedAt } from "../../platform/audit/journal.ts";
import { scanTable } from "../../platform/table/query.ts";
import { openTable, type TableChoice } from "../aws/table.ts";
import { assertStageOption, explain } from "./stage-command.ts";

/** How long a mismatch may be explained by records in flight. */
const patienceMilliseconds = 5000;

type AuditOptions = TableChoice & {
  /** The file for a journal of what is audited. */
  export?: string;
  /** The journal to audit instead. */
  verify?: string;
};

/** Audits a table, the data of DATA_DIR or a journal. Prints the result; returns the exit code. */
export const runAudit = (given: AuditOptions): Promise<number> => check(given).then(tell, explain);

async function check(values: AuditOptions): Promise<Report> {
  assertStageOption(values.stage);
  if (values.verify !== undefined) {
    const path = values.verify;
    const now = await sealedAt(path);
    return audit({ read: () => readJournal(path), now, patienceMilliseconds: 0, pause });
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
    return await audit({ read, now, patienceMilliseconds, pause });
  } finally {
    await close();
  }
}

function tell({ sums, misfits, more }: Report): number {
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
  return count === 0 ? 0 : 1;
}
