import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "@jest/globals";
import type { System } from "../system.ts";

const root = join(import.meta.dirname, "../..");

/** The longest guide takes 13 s on an idle machine, and ten times as long on a busy one. */
const pasteMillisecondsMax = 150_000;

/**
 * Replaces a guide's `sleep` by waiting until the listener has subscribed, for at most a minute,
 * because machines differ in speed.
 */
const sleepUntilHeard = `
sleep() {
  command sleep "$1"
  left=600
  until grep -qs "^Listening to" "$SAID" || [ $left = 0 ]; do
    command sleep 0.1
    left=$((left - 1))
  done
}
`;

/** Runs commands in a shell of the checkout against this system; returns their output. */
export function pasteInto(system: Pick<System, "url" | "dataDir">, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "ovation-pasted-"));
  try {
    return paste(system, text, join(folder, "said"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `said` is the file for messages to the user. */
function paste(system: Pick<System, "url" | "dataDir">, text: string, said: string): string {
  const commands = text.replaceAll("127.0.0.1:4000", new URL(system.url).host);
  const script = /\blisten --.*&$/m.test(text) ? sleepUntilHeard + commands : commands;
  const { PORT, DATA_DIR } = { PORT: new URL(system.url).port, DATA_DIR: system.dataDir };
  const PATH = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
  const { status, stdout } = spawnSync("sh", ["-ec", `exec 2>"$SAID"\n${script}`], {
    cwd: root,
    encoding: "utf8",
    timeout: pasteMillisecondsMax,
    env: { ...process.env, NODE_OPTIONS: "", PATH, PORT, DATA_DIR, SAID: said },
  });
  const failure = () => stdout + readFileSync(said, "utf8");
  expect({ status, said: status === 0 ? "" : failure() }).toEqual({ status: 0, said: "" });
  return stdout;
}
