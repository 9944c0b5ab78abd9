import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type EmbeddedEngine, openEmbeddedEngine } from "../engine/index.ts";
import type { Table } from "../model.ts";
import { findPositions } from "../sources/stream-positions.ts";
import { findDamage, restrictToOwner, type State, stateFileOf } from "../state.ts";
import { engineFile } from "./discovery-files.ts";
import type { Credentials, EngineCall } from "./engine-call.ts";
import { startEngineServer } from "./engine-server.ts";
import { openExternalEngine } from "./external-engine.ts";

/** A DynamoDB-compatible engine, access to it, and its address for other local programs. */
export type Engine = {
  call: EngineCall;
  endpoint: string;
  credentials: Credentials;
  /** Switches for tests; undefined for an external engine. */
  switches?: Pick<EmbeddedEngine, "expire" | "holdReads">;
  stop(): Promise<void>;
};

/** The database of a data directory. */
export const databaseOf = (directory: string) => join(directory, "dynamodb.sqlite");

const maintenanceMilliseconds = 10_000;
const maintenanceSoonMilliseconds = 100;

/** Settings of the engine. */
type EngineOptions = {
  state: State;
  tables: Table[];
  /** The address of an external engine. */
  endpoint?: string | undefined;
  /** Disables expiry, for programs that only read existing data. */
  isFrozen?: boolean;
  log: (line: string) => void;
};

/**
 * Opens the embedded engine on `dynamodb.sqlite` of the data directory (or uses the one at the
 * given address), and creates missing tables. Rejects with FormatMismatch if another engine wrote
 * the data, and with a readable sentence if the data is damaged or the engine at the address does
 * not respond.
 */
export const startEngine = (options: EngineOptions): Promise<Engine> =>
  start(options).catch((error: unknown) => {
    throw findDamage(error, databaseOf(options.state.directory)) ?? error;
  });

async function start(options: EngineOptions): Promise<Engine> {
  const { directory } = options.state;
  const opened: Engine = await (options.endpoint
    ? openExternalEngine(options.endpoint)
    : openEmbedded(options));
  const { call, endpoint, credentials } = opened;
  const stop = async () => {
    engineFile.remove(directory);
    await opened.stop();
  };
  try {
    for (const table of options.tables) await ensureTable(call, table);
    engineFile.write(directory, { endpoint, credentials, isOther: Boolean(options.endpoint) });
    return { ...opened, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openEmbedded({ state, isFrozen, log }: EngineOptions): Promise<Engine> {
  const file = databaseOf(state.directory);
  restrictToOwner(file);
  const engine = openEmbeddedEngine(file);
  const call: EngineCall = async (target, body) =>
    engine.execute(target.slice(target.indexOf(".") + 1), body);
  try {
    engine.numberAfter((streamArn) => findHighest(state, streamArn));
    const server = await startEngineServer(call, log);
    const endMaintenance = isFrozen ? () => {} : startMaintenance(engine, state, log);
    const stop = async () => {
      endMaintenance();
      await server.close();
      engine.close();
    };
    const { endpoint, credentials } = server;
    return { call, endpoint, credentials, switches: engine, stop };
  } catch (error) {
    engine.close();
    throw error;
  }
}

/** The highest position of a stream's readers. Throws a sentence if their file is damaged. */
function findHighest(state: State, streamArn: string): number | undefined {
  try {
    return findPositions(state, streamArn).most;
  } catch (error) {
    throw findDamage(error, stateFileOf(state.directory)) ?? error;
  }
}

/**
 * Makes the engine expire items and trim streams a few times a minute, and sooner if much is due.
 * Records that a stream reader has not read yet are kept, however old: a runner may be off for
 * days.
 */
function startMaintenance(engine: EmbeddedEngine, state: State, log: (line: string) => void) {
  let timer: NodeJS.Timeout | undefined;
  const work = () => {
    let isMore = false;
    try {
      isMore = engine.runMaintenance((streamArn) => findPositions(state, streamArn).least);
    } catch (error) {
      log(`The database engine could not expire what is due: ${error}`);
    }
    plan(isMore ? maintenanceSoonMilliseconds : maintenanceMilliseconds);
  };
  const plan = (milliseconds: number) => {
    timer = setTimeout(work, milliseconds);
    timer.unref();
  };
  plan(maintenanceMilliseconds);
  return () => clearTimeout(timer);
}

async function ensureTable(call: EngineCall, table: Table): Promise<void> {
  const describe = () => call("DynamoDB_20120810.DescribeTable", { TableName: table.name });
  let answer = await describe();
  if (answer.status !== 200) {
    const wanted = { ...table.createTable, TableName: table.name };
    const made = await call("DynamoDB_20120810.CreateTable", wanted);
    if (made.status !== 200)
      throw new Error(`Table ${table.name} was not made: ${JSON.stringify(made.body)}`);
  }
  for (let tries = 0; tries < 500; tries++) {
    answer = await describe();
    const described = answer.body.Table as { TableStatus?: string } | undefined;
    if (described?.TableStatus === "ACTIVE") return ensureTimeToLive(call, table);
    await sleep(20);
  }
  throw new Error(`Table ${table.name} did not become active: ${JSON.stringify(answer.body)}`);
}

async function ensureTimeToLive(call: EngineCall, table: Table): Promise<void> {
  const { name: TableName, timeToLiveAttribute: AttributeName } = table;
  if (AttributeName === undefined) return;
  const { body } = await call("DynamoDB_20120810.DescribeTimeToLive", { TableName });
  const described = body.TimeToLiveDescription as { TimeToLiveStatus?: string } | undefined;
  if (described?.TimeToLiveStatus !== "DISABLED") return;
  const TimeToLiveSpecification = { AttributeName, Enabled: true };
  await call("DynamoDB_20120810.UpdateTimeToLive", { TableName, TimeToLiveSpecification });
}
