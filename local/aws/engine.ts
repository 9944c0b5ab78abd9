import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { Table } from "../model.ts";
import { findLeastPosition } from "../sources/stream-positions.ts";
import { keepToOwner, openState, type State } from "../state.ts";
import { type EngineCall, openEngineCalls } from "./engine-call.ts";
import {
  findRunningEngine,
  removeEngineNote,
  startEngineProcess,
  stopLeftEngine,
  writeEngineNote,
} from "./engine-process.ts";

/** A DynamoDB-compatible engine, its address and a client of ours for it. */
export type Engine = {
  endpoint: string;
  call: EngineCall;
  stop(): Promise<void>;
};

/** An engine that a reader beside the runner was given. */
type OpenEngine = Pick<Engine, "endpoint" | "stop">;

const fileName = "dynamodb.sqlite";
/** Fewer deletable stream records than this are not worth a cleaning. */
const trimRecordsMin = 20_000;

/** Settings of the engine. */
type EngineOptions = {
  state: State;
  tables: Table[];
  /** Another engine than the bundled one. */
  endpoint?: string | undefined;
  log: (line: string) => void;
};

/**
 * Starts the engine on `dynamodb.sqlite` of the data directory (or uses the given one), and creates
 * the tables that are absent. An engine that a killed runner left is ended first.
 *
 * @throws Error whose message is for a person: no engine for this machine, or none answers.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { directory } = options.state;
  await stopLeftEngine(directory);
  const file = join(directory, fileName);
  if (!options.endpoint) keepToOwner(file);
  const process = options.endpoint
    ? undefined
    : await startEngineProcess(file, (reason) =>
        options.log(`The database engine ${reason}; nothing can be stored until a new start`),
      );
  const endpoint = options.endpoint ?? process?.endpoint ?? "";
  const { call, close } = openEngineCalls(endpoint);
  const stop = async () => {
    removeEngineNote(directory);
    await close();
    await process?.stop();
  };
  try {
    if (process) prepareStreamRecords(file, options.state, options.tables);
    for (const table of options.tables) await ensureTable(call, table);
    writeEngineNote(directory, { endpoint, ...(process && { pid: process.pid }) });
    return { endpoint, call, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The engine of a data directory for a reader beside the runner, such as an audit: the running one,
 * or one started for the time of the reading.
 *
 * @throws Error when the directory holds no data.
 */
export async function openEngine(dataDirectory: string): Promise<OpenEngine> {
  const running = findRunningEngine(dataDirectory);
  if (running) return { endpoint: running.endpoint, stop: async () => {} };
  if (!existsSync(join(dataDirectory, fileName))) {
    throw new Error(`There is no data in ${dataDirectory}: start Ovation once, or set DATA_DIR.`);
  }
  return openAlone(openState(dataDirectory));
}

/** An engine for the time of a reading, on what lies in the state's directory. */
async function openAlone(state: State, prepare = () => {}): Promise<OpenEngine> {
  try {
    prepare();
    const engine = await startEngine({ state, tables: [], log: () => {} });
    return {
      endpoint: engine.endpoint,
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
 * The data of a directory as of one moment, for who reads longer than writers wait, such as an
 * export beside the runner: SQLite copies it within one transaction to the temporary directory, and
 * an engine of its own reads the copy until `stop`.
 *
 * @throws Error when the directory holds no data, or only the address of another engine.
 */
export async function openSnapshot(dataDirectory: string): Promise<OpenEngine> {
  const running = findRunningEngine(dataDirectory);
  // Without a runner nobody writes, and the lock keeps it so.
  if (!running) return openEngine(dataDirectory);
  const file = join(dataDirectory, fileName);
  if (!existsSync(file)) {
    throw new Error(
      `The data lies with the engine at ${running.endpoint}, which can give no snapshot: ` +
        "stop Ovation first.",
    );
  }
  const state = openState(":memory:");
  return openAlone(state, () => {
    const database = new DatabaseSync(file, { timeout: 5000 });
    try {
      // SQLite refuses to copy into a file that holds something, not into an empty one.
      keepToOwner(join(state.directory, fileName));
      database.prepare("VACUUM INTO ?").run(join(state.directory, fileName));
    } finally {
      database.close();
    }
  });
}

/**
 * Three indexes on the engine's stream records, without which every write reads all earlier ones to
 * find its sequence number (seen in 1.2.1), and the removal of records that every reader has had.
 * The newest record of a table stays: the next number is the largest one plus one.
 */
function prepareStreamRecords(file: string, state: State, tables: Table[]): void {
  const database = new DatabaseSync(file, { timeout: 5000 });
  try {
    database.exec(`
      CREATE INDEX IF NOT EXISTS ix_sr_seq
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
      CREATE INDEX IF NOT EXISTS ix_sr_shard
        ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));
      CREATE INDEX IF NOT EXISTS ix_sr_txt
        ON _stream_records (table_name, shard_id, sequence_number);`);
    for (const table of tables) trimStreamRecords(database, state, table);
  } finally {
    database.close();
  }
}

function trimStreamRecords(database: DatabaseSync, state: State, table: Table): void {
  const consumed = findLeastPosition(state, table.name);
  if (consumed === undefined) return;
  const condition = `table_name = ? AND CAST(sequence_number AS INTEGER) < MIN(?, (SELECT
    MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?))`;
  const parameters = [table.name, consumed, table.name];
  const count = database
    .prepare(`SELECT COUNT(*) AS count FROM _stream_records WHERE ${condition}`)
    .get(...parameters)?.count;
  if (typeof count !== "number" || count < trimRecordsMin) return;
  database.prepare(`DELETE FROM _stream_records WHERE ${condition}`).run(...parameters);
}

/** Members of a CreateTable request that a local engine understands. */
const createMembers = [
  "TableName",
  "AttributeDefinitions",
  "KeySchema",
  "GlobalSecondaryIndexes",
  "LocalSecondaryIndexes",
  "StreamSpecification",
];

async function ensureTable(call: EngineCall, table: Table): Promise<void> {
  const name = JSON.stringify({ TableName: table.name });
  const describe = () => call("DynamoDB_20120810.DescribeTable", name);
  let answer = await describe();
  if (answer.status !== 200) {
    const wanted = Object.fromEntries(
      createMembers.flatMap((member) =>
        table.createTable[member] === undefined ? [] : [[member, table.createTable[member]]],
      ),
    );
    const made = await call(
      "DynamoDB_20120810.CreateTable",
      JSON.stringify({
        ...wanted,
        TableName: table.name,
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    if (made.status !== 200) throw new Error(`Table ${table.name} was not made: ${made.body}`);
  }
  for (let tries = 0; tries < 500; tries += 1) {
    answer = await describe();
    if (JSON.parse(String(answer.body)).Table?.TableStatus === "ACTIVE") return;
    await sleep(20);
  }
  throw new Error(`Table ${table.name} did not become active: ${answer.body}`);
}
