import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { expect } from "@jest/globals";
import type { System } from "../system.ts";

const root = join(import.meta.dirname, "../..");

/** The blocks of a Markdown text that are commands. */
export const shellBlocks = (markdown: string): string[] =>
  [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);

/** Runs commands in a shell of the checkout as beside this system; answers what they printed. */
export function pasteInto(system: System, text: string): string {
  const script = text.replaceAll("127.0.0.1:4000", new URL(system.url).host);
  const { PORT, DATA_DIR } = { PORT: new URL(system.url).port, DATA_DIR: system.dataDir };
  const PATH = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
  const { status, stdout, stderr } = spawnSync("sh", ["-ec", script], {
    ...{ cwd: root, encoding: "utf8", timeout: 150_000 },
    env: { ...process.env, NODE_OPTIONS: "", PATH, PORT, DATA_DIR },
  });
  expect({ status, said: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, said: "" });
  return stdout;
}
