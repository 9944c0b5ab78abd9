import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The content of `DATA_DIR/endpoint.json`, for other local programs. It has the runner's own
 * credentials, so only its owner may read it.
 */
export type EndpointNote = {
  url: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  buckets: string[];
};

const fileOf = (directory: string) => join(directory, "endpoint.json");

/** Writes the note for the time in which the endpoint runs. */
export function writeEndpointNote(directory: string, note: EndpointNote): void {
  const file = fileOf(directory);
  writeFileSync(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}

/** Removes the note when the endpoint stops. */
export const removeEndpointNote = (directory: string) => rmSync(fileOf(directory), { force: true });

/** The endpoint running on a data directory, or killed there; undefined if none is. */
export function findEndpoint(directory: string): EndpointNote | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(directory), "utf8")) as EndpointNote;
  } catch {
    return undefined;
  }
}
