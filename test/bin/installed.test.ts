/** The message of a command that runs before `npm ci`, or on an older Node.js. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";

const root = join(import.meta.dirname, "../..");
const preload = readFileSync(join(root, "bin/installed.cjs"), "utf8");
const checkout = mkdtempSync(join(tmpdir(), "ovation-installed-"));
afterAll(() => rmSync(checkout, { recursive: true, force: true }));
mkdirSync(join(checkout, "bin/operate"), { recursive: true });
for (const name of ["installed.cjs", "local.js", "operate/audit.ts"])
  cpSync(join(root, "bin", name), join(checkout, "bin", name));
writeFileSync(join(checkout, "package.json"), '{ "type": "module" }');

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** Runs the check before a command on a simulated older Node.js. */
function runAs(version: string, folders: string[]) {
  rmSync(join(checkout, "node_modules"), { recursive: true, force: true });
  for (const folder of folders)
    mkdirSync(join(checkout, "node_modules", folder), { recursive: true });
  const as = `Object.defineProperty(process, "version", { value: "v${version}" });
    Object.defineProperty(process, "versions", { value: { node: "${version}" } });`;
  const command = `${as} require(${JSON.stringify(join(checkout, "bin/installed.cjs"))});`;
  const options = ["--input-type=commonjs", "-e", command];
  return spawnSync(process.execPath, options, { cwd: checkout, encoding: "utf8" });
}

test("every npm script first checks the installation", () => {
  const begins =
    /^node (?:--\S+ )?(-r \.\/bin\/installed\.cjs |bin\/installed\.cjs && )|^npm test -- /;
  const others = Object.entries(scripts).filter(([, script]) => !begins.test(script));
  expect(others).toEqual([]);
});

test.each(["bin/local.js", "bin/operate/audit.ts"])(
  "without npm ci, %s asks for it on any Node.js",
  (file) => {
    for (const version of ["8.17.0", "20.0.0", "24.0.0"]) {
      const { status, stderr, stdout } = runAs(version, []);
      expect([status, stdout, stderr]).toEqual([2, "", "Run `npm ci` first.\n"]);
    }
    const { status, stderr } = spawnSync(process.execPath, ["-r", "./bin/installed.cjs", file], {
      cwd: checkout,
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([2, "Run `npm ci` first.\n"]);
  },
);

test("where npm ci installs no Node.js, the message asks for one", () => {
  const { status, stderr } = runAs("20.0.0", ["zod"]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^Ovation runs on Node.js 24, this is v20.0.0. Install Node.js 24/);
  expect(runAs("24.0.0", ["zod"]).status).toBe(0);
});

test("a Node.js used instead of the installed one is named", () => {
  const { status, stderr } = runAs("22.1.0", ["zod", ".bin/node"]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/runs on Node.js 24, this is v22.1.0. Use `npm start`/);
  expect(runAs("24.0.0", ["zod", ".bin/node"]).status).toBe(0);
});

test("an old Node.js can parse the check, which is plain ES5", () => {
  // A classic script, in which syntax of modules, classes and templates is an error.
  expect(() => new Script(`(function () { ${preload} })`)).not.toThrow();
  const code = preload.replace(/"[^"\n]*"/g, '""').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  expect(code).not.toMatch(/\b(let|const|class|import|async|await)\b|=>|`|\?\.|\?\?|\.\.\./);
});

test("the image runs what `npm start` runs", () => {
  const image = readFileSync(join(root, "Dockerfile"), "utf8");
  const command = /^CMD (\[.+\])$/m.exec(image)?.[1];
  expect((JSON.parse(command ?? "[]") as string[]).join(" ")).toBe(scripts.start);
});

test("npm ci writes the client's types, which git does not have", () => {
  const [, script = ""] = /-r \.\/bin\/installed\.cjs (\S+)$/.exec(scripts.prepare ?? "") ?? [];
  for (const file of ["bin/documents", "docs/openapi.json", "docs/asyncapi.json"])
    cpSync(join(root, file), join(checkout, file), { recursive: true });
  mkdirSync(join(checkout, "client"));
  expect(spawnSync(process.execPath, [script], { cwd: checkout }).status).toBe(0);
  const types = (file: string) => readFileSync(join(checkout, "client", file), "utf8");
  expect(types("event-data.ts")).toContain('"chat.message": ChatMessage;');
  expect(types("operations.ts")).toMatch(/"GET \/api\/v1\/webhooks": \{/);
});
