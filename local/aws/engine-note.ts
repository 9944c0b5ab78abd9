import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineCredentials } from "./engine-call.ts";

/**
 * The content of `DATA_DIR/engine.json`, for other local programs such as an audit. It has the
 * engine's secret, so only its owner may read it.
 */
export type EngineNote = {
  endpoint: string;
  credentials: EngineCredentials;
  /** Whether it is an external engine, which runs even without a runner. */
  isOther: boolean;
};

const fileOf = (directory: string) => join(directory, "engine.json");

/** Writes the note for the time in which the engine runs. */
export function writeEngineNote(directory: string, note: EngineNote): void {
  const file = fileOf(directory);
  writeFileSync(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}

/** Removes the note when the engine stops. */
export const removeEngineNote = (directory: string) => rmSync(fileOf(directory), { force: true });

/** The note of an engine running on a data directory, or killed there. */
export function readEngineNote(directory: string): EngineNote | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(directory), "utf8")) as EngineNote;
  } catch {
    return undefined;
  }
}
