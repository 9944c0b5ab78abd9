import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Answer, call, eventually, type Person } from "../../api/people.ts";
import { type System, startSystem } from "../../system.ts";

/** A separate system, whose faults and restarts affect no other test. */
export async function startOwn(dataDir?: string, port?: number): Promise<System> {
  const place = { ...(dataDir && { dataDir }), ...(port && { port }) };
  const system = await startSystem({ ...place, env: { DEMO: "off" } });
  process.env.API_URL = system.url;
  return system;
}

type Fault = {
  service?: string;
  caller?: string;
  operation?: string;
  kind: string;
  count?: number;
  percent?: number;
  keyPrefix?: string;
  delayMilliseconds?: number;
};

/** Asks for a fault at the local AWS endpoint. */
export async function injectFault(fault: Fault): Promise<void> {
  const answer = await call("POST /local/faults", { body: fault });
  if (answer.status !== 201) throw new Error(`No fault: ${answer.text}`);
}

/** How often the active faults have struck. */
export async function countStrikes(): Promise<number> {
  const { body } = await call("GET /local/faults");
  return body.faults.reduce((sum: number, { struck }: { struck: number }) => sum + struck, 0);
}

/** Ends all faults; answers how often they struck. */
export async function clearFaults(): Promise<number> {
  const strikes = await countStrikes();
  await call("DELETE /local/faults");
  return strikes;
}

/** Audits the system's data while it runs, or when it has ended; returns what the audit says. */
export function auditOf(dataDir: string): { code: number | null; says: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../../../bin/ovation.ts"), "audit"],
    { env: { ...process.env, DATA_DIR: dataDir, NODE_OPTIONS: "" }, encoding: "utf8" },
  );
  return { code: status, says: stdout + stderr };
}

/**
 * Waits until nothing of this user is pending, and returns the balance. It asks again if the table
 * is busy, so it may be used while faults are active.
 */
export async function settledBalance(as: Person): Promise<number> {
  const wallet = await eventually(
    async () => (await callUntilAnswered("GET /api/v1/wallet", { as })).body.data,
    ({ pending }) => pending === 0,
  );
  return wallet.balance;
}

/** Whether an answer means: try again with the same key. */
const isTryAgain = ({ status, headers }: Answer) =>
  status >= 500 || status === 429 || (status === 409 && headers.has("retry-after"));

/** Calls again with the same key until there is an answer, as a good client does. */
export async function callUntilAnswered(
  route: string,
  options: NonNullable<Parameters<typeof call>[1]>,
  triesMax = 600,
): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await call(route, options).catch(() => undefined);
    if (answer !== undefined && !isTryAgain(answer)) return answer;
    if (tries >= triesMax) throw new Error(`No answer: ${answer?.text ?? "no connection"}`);
    await new Promise((done) => setTimeout(done, 20 + Math.random() * 80));
  }
}
