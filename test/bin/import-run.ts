/** Runs `npm run import` on the shared system. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, freshId, type Person, service } from "../api/people.ts";
import { sharedSystem } from "../shared.ts";
import { outputOf } from "../system.ts";

export const header = "id,username,name,surname,balance";
const script = join(import.meta.dirname, "../../bin/ovation.ts");

export function useImport() {
  let system: Awaited<ReturnType<typeof sharedSystem>>;
  let backEnd: Person;
  const directory = mkdtempSync(join(tmpdir(), "ovation-import-"));

  beforeAll(async () => {
    system = await sharedSystem();
    process.env.API_URL = system.url;
    backEnd = await service();
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  /** Starts an import of these lines. */
  function begin(lines: readonly string[], { token = backEnd.token, to = system.url } = {}) {
    const file = join(directory, `${freshId()}.csv`);
    writeFileSync(file, lines.join("\n"));
    const child = spawn(process.execPath, [script, "import", file, "--to", to], {
      env: { ...process.env, OVATION_TOKEN: token },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = outputOf(child.stderr);
    const ended = new Promise<{ code: number | null; said: string }>((done) => {
      child.on("close", (code) => done({ code, said: said() }));
    });
    return { child, ended };
  }

  return {
    /** Is there as soon as a test runs. */
    backEnd: () => backEnd,
    begin,
    ledgerOf: async (id: string) =>
      (await call(`GET /api/v1/wallets/${id}/transactions`, { as: backEnd })).body.data.list,
    profileOf: async (id: string) =>
      (await call(`GET /api/v1/users/${id}`, { as: backEnd })).body.data,
  };
}
