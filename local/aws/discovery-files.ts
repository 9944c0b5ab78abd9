import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Credentials } from "./engine-call.ts";

/*
 * Files in DATA_DIR, by which other local programs, such as an audit, find what is running. They
 * have credentials, so only their owner may read them.
 */

function createDiscoveryFile<Facts>(name: string) {
  const fileOf = (directory: string) => join(directory, name);
  return {
    /** Writes the file for the time in which its subject runs. */
    write(directory: string, facts: Facts): void {
      const file = fileOf(directory);
      writeFileSync(file, `${JSON.stringify(facts)}\n`, { mode: 0o600 });
      chmodSync(file, 0o600);
    },
    /** Removes the file when its subject stops. */
    remove: (directory: string): void => rmSync(fileOf(directory), { force: true }),
    /** The facts of a program that runs on a data directory, or was killed; undefined if none. */
    read(directory: string): Facts | undefined {
      try {
        return JSON.parse(readFileSync(fileOf(directory), "utf8")) as Facts;
      } catch {
        return undefined;
      }
    },
  };
}

/** The AWS endpoint, with the runner's own credentials. */
type EndpointFile = {
  url: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  buckets: string[];
};
export const endpointFile = createDiscoveryFile<EndpointFile>("endpoint.json");

/** The AWS endpoint that runs on a data directory; undefined if none responds. */
export async function findEndpoint(directory: string): Promise<EndpointFile | undefined> {
  const found = endpointFile.read(directory);
  const answer = found && (await fetch(found.url).catch(() => undefined));
  return answer && found;
}

/** The engine, with its secret. */
export type EngineFile = {
  endpoint: string;
  credentials: Credentials;
  /** Whether it is an external engine, which runs even without a runner. */
  isOther: boolean;
};
export const engineFile = createDiscoveryFile<EngineFile>("engine.json");
