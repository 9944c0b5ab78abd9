import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "../system.ts";

const module = join(import.meta.dirname, "../../bin/build/replace-folder.ts");

/** Creates folders of fifty files that contain its name, and moves them into place in turn. */
const program = `
import { mkdirSync, writeFileSync } from "node:fs";
const { replaceFolder } = await import(process.argv[1]);
const [, , name, place] = process.argv;
for (let n = 0; n < 100; n++) {
  const made = place + "-" + name;
  mkdirSync(made);
  for (let file = 0; file < 50; file++) writeFileSync(made + "/" + file, name + n);
  replaceFolder(made, place);
}`;

test("two concurrent replacements of a folder leave one complete result and nothing else", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ovation-replace-"));
  const place = join(directory, "dist");
  const run = (name: string) => {
    const options = ["--no-warnings", "--input-type=module", "-e", program, module, name, place];
    const child = spawn(process.execPath, options, { stdio: ["ignore", "ignore", "pipe"] });
    const said = outputOf(child.stderr);
    return new Promise((done) => child.once("close", (code) => done({ code, said: said() })));
  };
  expect(await Promise.all(["a", "b"].map(run))).toEqual([
    { code: 0, said: "" },
    { code: 0, said: "" },
  ]);
  expect(readdirSync(directory)).toEqual(["dist"]);
  const texts = readdirSync(place).map((file) => readFileSync(join(place, file), "utf8"));
  expect([texts.length, new Set(texts).size]).toEqual([50, 1]);
  rmSync(directory, { recursive: true });
});
