import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { DataDirectoryBusy, openState, restrictToOwner, type State } from "../state.ts";
import { type EngineFile, engineFile } from "./discovery-files.ts";
import { databaseOf, type Engine, startEngine } from "./engine.ts";

/** An engine opened by a program other than the runner. */
type OpenEngine = Omit<Engine, "call">;

/** How long to wait for the engine of a runner that holds the lock, and how often to look. */
const startMillisecondsMax = 20_000;
const lookMilliseconds = 250;
const answerMilliseconds = 2_000;

/**
 * The engine of a data directory for a program other than the runner, such as an audit: the running
 * one, for which it waits while that starts, or one opened temporarily. Rejects if the directory
 * has no data.
 */
export async function openEngine(
  dataDirectory: string,
  waitMilliseconds = startMillisecondsMax,
): Promise<OpenEngine> {
  const end = performance.now() + waitMilliseconds;
  for (;;) {
    const found = findEngine(dataDirectory);
    if ("state" in found) return openAlone(found.state);
    const { running } = found;
    if (running?.isOther || (running && (await answers(running.endpoint))))
      return { ...running, stop: async () => {} };
    if (performance.now() > end)
      throw new DataDirectoryBusy(
        `The data in ${dataDirectory} is in use by an Ovation that does not respond: wait until it ` +
          "has started, or stop it.",
      );
    await sleep(lookMilliseconds);
  }
}

/** Whether an engine responds, even with a refusal: a killed runner leaves its address behind. */
const answers = (endpoint: string) =>
  fetch(endpoint, { signal: AbortSignal.timeout(answerMilliseconds) })
    .then((answer) => answer.text())
    .then(
      () => true,
      () => false,
    );

/**
 * The file of the running engine, which a runner writes when its engine has started; if none runs,
 * the directory's state, whose lock prevents a start.
 */
function findEngine(dataDirectory: string): { running: EngineFile | undefined } | { state: State } {
  const running = engineFile.read(dataDirectory);
  if (running?.isOther) return { running };
  if (!existsSync(databaseOf(dataDirectory)))
    throw new Error(`There is no data in ${dataDirectory}: start Ovation once, or set DATA_DIR.`);
  try {
    return { state: openState(dataDirectory) };
  } catch (error) {
    if (error instanceof DataDirectoryBusy) return { running };
    throw error;
  }
}

/** An engine opened temporarily for reading the data of the state's directory. */
async function openAlone(state: State, prepare = () => {}): Promise<OpenEngine> {
  try {
    prepare();
    const engine = await startEngine({ state, tables: [], isFrozen: true, log: () => {} });
    return {
      ...engine,
      async stop() {
        await engine.stop();
        state.close();
      },
    };
  } catch (error) {
    state.close();
    throw error;
  }
}

/**
 * A snapshot of a data directory, for reads that take longer than writers wait, such as an export:
 * SQLite copies the data in one transaction to the temporary directory, and a separate engine reads
 * the copy until `stop`. Rejects if the directory has no data, or only the address of an external
 * engine.
 */
export async function openSnapshot(dataDirectory: string): Promise<OpenEngine> {
  const found = findEngine(dataDirectory);
  // The lock ensures that no runner writes.
  if ("state" in found) return openAlone(found.state);
  if (found.running?.isOther)
    throw new Error(
      `The data lies with the engine at ${found.running.endpoint}, which can give no snapshot: ` +
        "stop Ovation first.",
    );
  const state = openState(":memory:");
  return openAlone(state, () => {
    const database = new DatabaseSync(databaseOf(dataDirectory), { timeout: 5000 });
    try {
      // SQLite refuses to copy into a file with content, but not into an empty one.
      restrictToOwner(databaseOf(state.directory));
      database.prepare("VACUUM INTO ?").run(databaseOf(state.directory));
    } finally {
      database.close();
    }
  });
}
