/**
 * `npm run test:stage [paths and options of jest]`: the black-box tests against a stage of which
 * they know only what docs/testing-a-stage.md has one give them. The stage is a runner behind https
 * and three host names, and its people have tokens of an issuer that it knows by published keys.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, healthy } from "../system.ts";
import { makeCertificate } from "./certificate.ts";
import { hosts, startFront } from "./front.ts";
import { startIssuer } from "./issuer.ts";

const root = join(import.meta.dirname, "../..");

/** Runs a program of ours on this Node; what it says is seen. */
function run(options: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, ["--no-warnings", ...options], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
  });
  const ended = new Promise<number>((done) => child.once("exit", (code) => done(code ?? 1)));
  return { child, ended };
}

const directory = await mkdtemp(join(tmpdir(), "ovation-stage-"));
const certificate = makeCertificate(Object.values(hosts));
const trusted = join(directory, "certificate.pem");
await writeFile(trusted, certificate.certificate);
const port = await freePort();
let keys: unknown;
const front = await startFront(certificate, new URL(`http://127.0.0.1:${port}`), (path) =>
  path === "/issuer/.well-known/jwks.json" ? keys : undefined,
);
const { api, sockets, tencent, callback, issuer: url } = front.urls;
const issuer = await startIssuer({ url, directory, port: 0 });
keys = JSON.parse(issuer.keys);
const given = {
  NODE_EXTRA_CA_CERTS: trusted,
  TENCENT_SECRET_KEY: randomBytes(32).toString("hex"),
  TENCENT_CALLBACK_KEY: randomBytes(24).toString("hex"),
};
const runner = run(["test/stage/runner.ts"], {
  ...given,
  PORT: String(port),
  ISSUER: url,
  AUDIENCE: issuer.audience,
});
let code = 1;
try {
  // Not by the front: this program trusts no certificate. What the runner says is seen already.
  await healthy(`http://127.0.0.1:${port}`, runner.child, () => "(see above)");
  const jest = ["node_modules/jest/bin/jest.js", "--maxWorkers=2"];
  const paths = process.argv.slice(2);
  const tests = run(
    ["--experimental-vm-modules", ...jest, ...(paths.length > 0 ? paths : ["test/api"])],
    {
      ...given,
      API_URL: api,
      WS_URL: sockets,
      TOKEN_URL: issuer.tokenUrl,
      TENCENT_URL: tencent,
      TENCENT_CALLBACK_URL: callback,
      NODE_OPTIONS: `--require=${join(root, "test/stage/names.cjs")}`,
    },
  );
  code = await tests.ended;
} finally {
  runner.child.kill("SIGKILL");
  await Promise.all([front.stop(), issuer.stop(), runner.ended]);
  await rm(directory, { recursive: true, force: true });
}
process.exit(code);
