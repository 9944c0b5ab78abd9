import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineCredentials } from "./engine-call.ts";

/*
 * Notes in DATA_DIR, by which other local programs, such as an audit, find what is running. They
 * have credentials, so only their owner may read them.
 */

function createNote<Note>(name: string) {
  const fileOf = (directory: string) => join(directory, name);
  return {
    /** Writes the note for the time in which its subject runs. */
    write(directory: string, note: Note): void {
      const file = fileOf(directory);
      writeFileSync(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
      chmodSync(file, 0o600);
    },
    /** Removes the note when its subject stops. */
    remove: (directory: string): void => rmSync(fileOf(directory), { force: true }),
    /** The note of what runs on a data directory, or was killed there; undefined without one. */
    read(directory: string): Note | undefined {
      try {
        return JSON.parse(readFileSync(fileOf(directory), "utf8")) as Note;
      } catch {
        return undefined;
      }
    },
  };
}

/** The AWS endpoint, with the runner's own credentials. */
type EndpointNote = {
  url: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  buckets: string[];
};
export const endpointNote = createNote<EndpointNote>("endpoint.json");

/** The engine, with its secret. */
export type EngineNote = {
  endpoint: string;
  credentials: EngineCredentials;
  /** Whether it is an external engine, which runs even without a runner. */
  isOther: boolean;
};
export const engineNote = createNote<EngineNote>("engine.json");
