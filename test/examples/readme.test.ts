/** The commands of the README, and those that a start prints, pasted verbatim. */
import { type System, startSystem } from "../system.ts";
import { blocksOf, readGuide, shellBlocks, startsProgram } from "./guides.ts";
import { pasteInto } from "./paste.ts";

const blocks = shellBlocks("README.md").map(({ text }) => text);
const testMilliseconds = 180_000;

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, testMilliseconds);
afterAll(() => system?.stop());

test(
  "a server killed during sixty messages loses and duplicates none, whatever else is sent",
  () => {
    const [demonstration, ...others] = blocks.filter((text) => text.includes("--kill-after"));
    expect(others).toEqual([]);
    expect(demonstration).not.toContain("sleep");
    const traffic = ["chat --as noise", "gift", "superlike"].map(
      (what) => `npm run -s trigger -- ${what} --count 5 --every 500 > /dev/null &\n`,
    );
    expect(pasteInto(system, traffic.join("") + demonstration)).toMatch(/^\s*60$/m);
  },
  testMilliseconds,
);

test(
  "each command that a start prints works as described in docs/cli.md",
  () => {
    const [printed] = blocksOf(readGuide("docs/cli.md")).filter(({ text }) =>
      /is ready in/.test(text),
    );
    const lines = printed!.text.split("\n").filter(startsProgram);
    expect(lines.length).toBeGreaterThanOrEqual(6);
    for (const line of lines) expect(pasteInto(system, line)).not.toContain('"isSuccess":false');
  },
  testMilliseconds,
);

test("all other commands only install or start", () => {
  const others = blocks.filter((text) => !text.includes("--kill-after"));
  const begins = others.map((text) => text.split(/\s+/).slice(0, 2).join(" "));
  expect(begins).toEqual(["npm ci"]);
  expect(others[0]).toMatch(/^npm ci && npm start +#.*\nnpm test +#.*\n$/);
});
