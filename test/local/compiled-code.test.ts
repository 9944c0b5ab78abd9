import { hash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startWorkers } from "../../local/lambda/workers.ts";

const directory = mkdtempSync(join(tmpdir(), "ovation-kept-"));
const kept = {
  name: "kept",
  arn: "arn:kept",
  directory,
  handler: "index.handler",
  environment: {},
  timeoutSeconds: 60,
  memoryMegabytes: 128,
  role: "kept",
};
afterAll(() => rmSync(directory, { recursive: true }));

/** What a new thread answers from a bundle with this text, by one event. */
async function answerOf(text: string): Promise<unknown> {
  writeFileSync(join(directory, "index.cjs"), text);
  const workers = startWorkers({
    functions: { kept },
    prepare: () => ({ environment: {} }),
    line: () => undefined,
  });
  const result = await workers.invoke("kept", {});
  // The thread writes the code after its first answer.
  expect(await workers.invoke("kept", {})).toEqual(result);
  await workers.stop(0);
  return result;
}

const saying = (word: string) => `exports.handler = async () => "${word}";`;

test("a later thread answers as the first, from code that is kept once", async () => {
  const first = await answerOf(saying("one"));
  expect(first).toEqual({ ok: true, payload: "one" });
  const files = readdirSync(directory);
  expect(files).toEqual(["index.cjs", expect.stringMatching(/^index\.cjs\.[0-9a-f]{64}\.code$/)]);
  expect(await answerOf(saying("one"))).toEqual(first);
  expect(readdirSync(directory)).toEqual(files);
});

test("a changed bundle of the same length is not run from older code", async () => {
  expect(await answerOf(saying("two"))).toEqual({ ok: true, payload: "two" });
  expect(await answerOf(saying("six"))).toEqual({ ok: true, payload: "six" });
});

test("an error names the place in the bundle, from compiled code too", async () => {
  const failing = `exports.handler = async () => new Error("here").stack.split("\\n")[1];`;
  const place = expect.stringMatching(/index\.cjs:1:31\)?$/);
  for (let turn = 0; turn < 2; turn++)
    expect(await answerOf(failing)).toEqual({ ok: true, payload: place });
});

test("a bundle imports a module on demand, from compiled code too", async () => {
  const text = `exports.handler = async () => typeof (await import("node:os")).cpus;`;
  for (let turn = 0; turn < 2; turn++)
    expect(await answerOf(text)).toEqual({ ok: true, payload: "function" });
});

test("events are answered where compiled code cannot be kept", async () => {
  const text = saying("any");
  mkdirSync(join(directory, `index.cjs.${hash("sha256", text)}.code`));
  expect(await answerOf(text)).toEqual({ ok: true, payload: "any" });
});
