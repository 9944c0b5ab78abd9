/**
 * Whether others can use the client as published: publint checks the manifest and the files, Are
 * the Types Wrong what TypeScript resolves. The package is ESM only. Both tools are fetched and are
 * no dependencies, because the second brings another TypeScript, 39 MB in all.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { readCommand } from "./command.ts";

const root = join(import.meta.dirname, "../..");
const built = join(root, ".cache/client");

readCommand("npm run bench:package: checks the shape of the built client; needs the network", {});
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: root, stdio: "inherit" });
run(process.execPath, "-r", "./bin/installed.cjs", "bin/build/build-client.ts");
run("npx", "--yes", "publint@0.3.25", "--strict", built);
run("npx", "--yes", "@arethetypeswrong/cli@0.18.5", "--profile", "esm-only", "--pack", built);
