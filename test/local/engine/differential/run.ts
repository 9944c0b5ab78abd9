import * as fc from "fast-check";
import { openEmbeddedEngine } from "../../../../local/engine/index.ts";
import { compareStreams, type Engine, isSame, openTable, tableName } from "./compare.ts";
import { type Difference, differences } from "./differences.ts";
import { fillingOf, type Operation, operationOn, type Sequence } from "./operations.ts";
import { schema } from "./tables.ts";

const sequence: fc.Arbitrary<Sequence> = schema.chain((table) =>
  fc
    .tuple(
      fillingOf(table, tableName),
      fc.array(operationOn(table, tableName), { minLength: 1, maxLength: 80, size: "max" }),
    )
    .map(([filling, operations]) => ({ table, operations: [...filling, ...operations] })),
);

/** How much was compared, and how often the engines differed in the listed ways. */
export type Report = {
  sequences: number;
  operations: number;
  refused: number;
  listed: Map<Difference, number>;
};

type Settings = {
  /** The minimum number of operations. */
  operations: number;
  seed: number;
  other: Engine;
  /** Called occasionally with the progress. */
  progress?: (report: Report) => void;
};

/**
 * Runs generated sequences on both engines. Throws for the first unlisted difference, with the
 * shortest sequence that reproduces it.
 */
export async function compareEngines(settings: Settings): Promise<Report> {
  const embedded = openEmbeddedEngine(":memory:");
  const own: Engine = { call: (name, body) => embedded.execute(name, body) };
  const report: Report = { sequences: 0, operations: 0, refused: 0, listed: new Map() };
  let tables = 0;
  try {
    for (let seed = settings.seed; report.operations < settings.operations; seed++) {
      await fc.assert(
        fc.asyncProperty(sequence, async (one) => {
          const name = `table-${settings.seed}-${tables++}`;
          await compareSequence(own, settings.other, name, one, report);
          settings.progress?.(report);
        }),
        { seed, numRuns: 20, endOnFailure: false },
      );
    }
    return report;
  } finally {
    embedded.close();
  }
}

async function compareSequence(
  own: Engine,
  other: Engine,
  name: string,
  { table, operations }: Sequence,
  report: Report,
): Promise<void> {
  const [ours, theirs] = [await openTable(own, name, table), await openTable(other, name, table)];
  try {
    const scans: Operation[] = [
      {},
      ...table.indexes.map((index) => ({ IndexName: index.name })),
    ].map((place) => ({ name: "Scan", body: { TableName: tableName, ...place } }));
    for (const operation of [...operations.map(asSent), ...scans]) {
      const [mine, yours] = [await ours.observe(operation), await theirs.observe(operation)];
      report.operations++;
      if (mine.refusal) report.refused++;
      if (isSame(mine, yours)) continue;
      const listed = differences.find(({ fits }) =>
        fits({ operation, table, ours: mine, theirs: yours }),
      );
      if (!listed) throw new Error(describe(operation, mine, yours));
      report.listed.set(listed, (report.listed.get(listed) ?? 0) + 1);
      // After this the tables differ.
      const isWrite = /Put|Update|Delete|Write/.test(operation.name);
      if (isWrite && Boolean(mine.refusal) !== Boolean(yours.refusal)) return;
    }
    if (!table.view) return;
    const fault = compareStreams(await ours.readStream(), await theirs.readStream());
    if (fault) throw new Error(`Streams: ${fault}`);
  } finally {
    await Promise.all([ours.close(), theirs.close()]);
    report.sequences++;
  }
}

/** Unchanged: tokens belong to an account, not to a table. */
function asSent({ name, body }: Operation): Operation {
  const { ClientRequestToken: token } = body;
  const own = token === undefined ? {} : { ClientRequestToken: `${tableName}-${token}` };
  return { name, body: JSON.parse(JSON.stringify({ ...body, ...own })) };
}

function describe(operation: Operation, ours: unknown, theirs: unknown): string {
  const show = (value: unknown) => JSON.stringify(value);
  return `${operation.name} ${show(operation.body)}\nours ${show(ours)}\ntheirs ${show(theirs)}`;
}
