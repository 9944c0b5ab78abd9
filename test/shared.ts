/** What the test files of one jest worker share. `npm test` starts it and ends it. */
import type { System } from "./system.ts";

/** Asks for something that is shared; throws where no run of `npm test` serves it. */
export async function askShared<T>(path: string): Promise<T> {
  const { SHARED_URL } = process.env;
  if (SHARED_URL === undefined) throw new Error("Run the tests with `npm test -- <path>`");
  const answer = await fetch(`${SHARED_URL}/${path}`);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}

/** Whose systems and browsers these are: files of one worker run one after the other. */
export const worker = `worker-${process.env.JEST_WORKER_ID ?? 1}`;

/** The switches of the runner as they are at its start. */
const switches = {
  streams: {
    ...{ shards: 1, double: 0, regroup: false, pause: false },
    ...{ lagMilliseconds: [], clockSkewSeconds: [] },
  },
  functions: { frozen: false },
};

/**
 * The system of this worker, with the demo data, what earlier files left in the table, no fault and
 * no switch. For a file that needs no data of its own, and neither ends the system nor reads its
 * output.
 */
export async function sharedSystem(): Promise<Pick<System, "url" | "dataDir">> {
  const system = await askShared<Pick<System, "url" | "dataDir">>(`system/${worker}`);
  await fetch(`${system.url}/local/faults`, { method: "DELETE" });
  for (const [name, body] of Object.entries(switches)) {
    const sent = { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`${system.url}/local/${name}`, sent);
    if (!answer.ok) throw new Error(`/local/${name}: ${await answer.text()}`);
  }
  return system;
}
