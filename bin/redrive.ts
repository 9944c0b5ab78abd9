/** `npm run redrive`: brings parked records back, of DATA_DIR or of a deployed table. */
import { parseArgs } from "node:util";
import { LayoutMismatch } from "../platform/store/layout.ts";
import { redrive } from "../platform/store/redrive.ts";
import { openTable } from "./table.ts";

try {
  const { values } = parseArgs({ options: { table: { type: "string" } } });
  const close = await openTable(values.table);
  try {
    const { settled, parked } = await redrive(new Date());
    console.log(`${settled} records were brought back, ${parked} stay parked.`);
    process.exitCode = parked === 0 ? 0 : 1;
  } finally {
    await close();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const isOther = error instanceof LayoutMismatch;
  if (!isOther)
    console.error("npm run redrive -- [--table NAME]   (without it: the table of DATA_DIR)");
  process.exitCode = isOther ? 2 : 1;
}
