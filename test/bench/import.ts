import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { service } from "../api/people.ts";
import { outputOf, type System, startSystem } from "../system.ts";
import { print, round, wait } from "./figures.ts";

const rowsDefault = 100_000;
const root = join(import.meta.dirname, "../..");

/** Writes the users to import; their balances are 0 to 4,999 credits. */
function writeUsers(file: string, rows: number): void {
  const lines = Array.from({ length: rows }, (_, n) => {
    const id = `imported_${String(n).padStart(6, "0")}`;
    return `${id},person_${n},Name ${n},Surname ${n},${(n * 7919) % 5000}`;
  });
  writeFileSync(file, ["id,username,name,surname,balance", ...lines, ""].join("\n"));
}

/** Starts the command line; what it prints is kept. */
function start(args: readonly string[], env: Record<string, string>) {
  const command = [join(root, "bin/ovation.ts"), ...args];
  const child = spawn(process.execPath, command, { cwd: root, env: { ...process.env, ...env } });
  return { child, said: outputOf(child.stdout, child.stderr) };
}

const ended = async (child: ChildProcess): Promise<number | null> =>
  child.exitCode ?? (await once(child, "exit"))[0];

/** CPU seconds of a process so far, from Linux's `/proc`; NaN elsewhere. */
function cpuSecondsOf({ process: { pid } }: System): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

/** How many users there are whose balance was imported: those with credits from it. */
async function countTopUps(system: System): Promise<number> {
  const answer = await fetch(`${system.url}/local/functions`);
  const { functions } = (await answer.json()) as { functions: Record<string, { invoked: number }> };
  return functions["ovation-dev-wallets-top-up"]?.invoked ?? 0;
}

/**
 * `npm run import` of many users: the import and then the system are killed midway, both start
 * again, the whole file is imported, and once more, where nothing changes; then the audit.
 */
export async function benchImport(rows = rowsDefault): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "ovation-import-"));
  const file = join(directory, "users.csv");
  writeUsers(file, rows);
  const settings = { dataDir: join(directory, "data"), env: { DEMO: "off" } };
  let system = await startSystem(settings);
  const rowsOf: Record<string, unknown>[] = [];
  const importing = async () => {
    process.env.API_URL = system.url;
    const { token } = await service();
    return start(["import", file, "--to", system.url], { OVATION_TOKEN: token });
  };
  const note = (run: string, began: number, cpu: number, done: number, result: string) => {
    const seconds = (performance.now() - began) / 1000;
    rowsOf.push({
      run,
      minutes: round(seconds / 60),
      rows: done,
      "rows a second": round(done / seconds),
      "CPU ms a row": round((1000 * (cpuSecondsOf(system) - cpu)) / done),
      result,
    });
  };
  try {
    let began = performance.now();
    let cpu = cpuSecondsOf(system);
    const first = await importing();
    while ((await countTopUps(system)) < rows * 0.4 && first.child.exitCode === null)
      await wait(500);
    first.child.kill("SIGKILL");
    note("killed midway", began, cpu, await countTopUps(system), "import and system killed");
    await system.kill();
    system = await startSystem({ ...settings, port: Number(new URL(system.url).port) });
    for (const run of ["the whole file", "once more"]) {
      began = performance.now();
      cpu = cpuSecondsOf(system);
      const { child, said } = await importing();
      const code = await ended(child);
      note(run, began, cpu, rows, `exit ${code}: ${said().trim().split("\n").at(-1)}`);
    }
    began = performance.now();
    const audit = start(["audit"], { DATA_DIR: settings.dataDir });
    const code = await ended(audit.child);
    const seconds = (performance.now() - began) / 1000;
    rowsOf.push({ run: "audit", minutes: round(seconds / 60), result: `exit ${code}` });
    print(`Import of ${rows} users`, rowsOf);
    console.log(audit.said());
  } finally {
    await system.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
