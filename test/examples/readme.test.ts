/** The commands of the README as they stand there, pasted beside a running system. */
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

/** The block in which something stands, run in one shell after others; what it printed. */
function paste(...marks: string[]): string {
  const texts = marks.map((mark) => {
    const found = blocks.filter((text) => text.includes(mark));
    expect({ mark, found: found.length }).toEqual({ mark, found: 1 });
    return found[0]!;
  });
  return pasteInto(system, texts.join(""));
}

test(
  "a server that is killed amid sixty messages loses none and doubles none",
  () => expect(paste("/local/restart")).toMatch(/^\s*60$/m),
  testMilliseconds,
);

test(
  "a hundred roses of two apps at once are one combo",
  () => expect(paste("combo.ended")).toMatch(/"count":100,"credits":1000\}/),
  testMilliseconds,
);

test(
  "the money of fifty gifts is audited",
  () => expect(paste("npm run -s audit")).toContain("Everything fits."),
  testMilliseconds,
);

test(
  "a message and a gift by curl are there",
  () => {
    const said = paste("TOKEN=$(npm run -s token", "a gift; with the key");
    expect(said).toContain("Herkese selam!");
    expect(said).toMatch(/"isSuccess":true,"statusCode":201/);
  },
  testMilliseconds,
);

test(
  "each line that a start prints to be tried is answered as it stands in the README",
  () => {
    const [printed] = blocksOf(readGuide("README.md")).filter(({ text }) =>
      /is ready in/.test(text),
    );
    const lines = printed!.text.split("\n").filter(startsProgram);
    expect(lines.length).toBeGreaterThanOrEqual(6);
    for (const line of lines) expect(pasteInto(system, line)).not.toContain('"isSuccess":false');
  },
  testMilliseconds,
);

test("only what installs, tests or deploys is left to those who do it", () => {
  const tried = ["/local/restart", "npm run -s audit", "combo.ended", "TOKEN=$(", "a gift;"];
  const others = blocks.filter((text) => !tried.some((mark) => text.includes(mark)));
  const begins = others.map((text) =>
    text
      .replaceAll(/^#.*\n/gm, "")
      .split(/\s+/)
      .slice(0, 3),
  );
  expect(begins.map((words) => words.join(" "))).toEqual(["npm ci &&", "npm run deploy"]);
});
