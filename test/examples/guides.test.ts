/** Runs every command of every guide, as a reader would type it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { sharedSystem } from "../shared.ts";
import {
  accountBlocks,
  blocksOf,
  guides,
  inlineCommands,
  pastedBlocks,
  readGuide,
  trialOf,
} from "./guides.ts";
import { pasteInto } from "./paste.ts";

const root = join(import.meta.dirname, "../..");
const testMilliseconds = 300_000;
/** Guides with a separate test of their commands and output. */
const triedAlone = ["README.md", "docs/first-app.md", "docs/gifts.md"];
/** Commands that this test's own system replaces. */
const isStart = (line: string) => ["npm ci", "npm start"].includes(line);

/** The minimum output of each guide's commands. */
const printed: Record<string, readonly RegExp[]> = {
  "docs/quick-start.md": [
    /Good evening/,
    /"balance":\d+/,
    /("gift.sent"[\s\S]*){10}/,
    /"count":100,"credits":1000\}/,
    /Everything fits/,
  ],
  "docs/realtime.md": [
    /"frame":\d+/,
    /"content":"after \d+"/,
    /from frame \d+ on[\s\S]*recovered: true/,
  ],
  "docs/overlay.md": [/"key":"ovk_/],
  "docs/streams.md": [
    /"status":"active"[\s\S]*"content":"Hello"/,
    /"mode":"BEFORE_START"[\s\S]*"fundingPercentage":60[\s\S]*"status":"cancelled_by_host"/,
    /pass_required[\s\S]*"content":"I am in"[\s\S]*"status":"ended"/,
  ],
  "docs/moderation.md": [/"content":"BUY NOW"[\s\S]*member_muted[\s\S]*"member.unbanned"/],
  "docs/likes-polls-goals.md": [
    /"total":12/,
    /"votes"|"options":\[1\]/,
    /"status":"ended"/,
    /\[1,40,100\]/,
  ],
  "docs/webhooks.md": [/"secret":"whsec_/],
  "docs/money-in.md": [/"statusCode":201/],
  "docs/identity.md": [/"access_token":"eyJ/],
  "docs/moving-from-allmine.md": [/"statusCode":201/, /"username":"johndoe"/],
  "docs/runbook.md": [/"alarms"|"metrics"/, /Everything fits/],
};
const pasted = guides.filter((path) => !triedAlone.includes(path) && pastedBlocks(path).length > 0);

let system: Awaited<ReturnType<typeof sharedSystem>>;
beforeAll(async () => {
  system = await sharedSystem();
}, testMilliseconds);

test("the output of every guide with commands is checked", () => {
  expect([...pasted].sort()).toEqual(Object.keys(printed).sort());
});

test.each(pasted)(
  "the commands of %s run in order, and none is refused",
  (path) => {
    const files = blocksOf(readGuide(path)).filter(({ name }) => name.includes("."));
    const placed = files.map(({ name }) => join(root, name));
    try {
      files.forEach(({ text }, at) => {
        writeFileSync(placed[at]!, text.replaceAll("127.0.0.1:4000", new URL(system.url).host));
      });
      const lines = pastedBlocks(path).flatMap(({ text }) => text.split("\n"));
      const said = pasteInto(system, lines.filter((line) => !isStart(line)).join("\n"));
      expect(said).not.toContain('"isSuccess":false');
      for (const pattern of printed[path]!) expect(said).toMatch(pattern);
    } finally {
      for (const file of placed) rmSync(file, { force: true });
    }
  },
  testMilliseconds,
);

const inline = [...new Set(guides.flatMap(inlineCommands))];

const bare = inline.filter((command) => trialOf(command) === "paste" && !/COMMAND/.test(command));

test.each(bare)(
  "`%s` in the text runs",
  (command) => {
    // Builtins of bash are not in sh.
    const [, inside = command] = /^eval "\$\((.*)\)"$/.exec(command) ?? [];
    // Gifts for as long as it listens, and until the last is sent: it would be in the next tests.
    const gifts = 'while [ -e "$SAID" ]; do npm run -s trigger -- gift; done > /dev/null';
    pasteInto(
      system,
      inside.includes("listen")
        ? `${gifts} &\n${inside.replace("listen --", "listen -- --count 3")}\nrm "$SAID"\nwait`
        : inside,
    );
  },
  testMilliseconds,
);

/** Runs a command without AWS credentials; returns its exit code and output. */
function runWithoutAccount(command: string) {
  const home = mkdtempSync(join(tmpdir(), "ovation-nobody-"));
  const own = Object.entries(process.env).filter(([name]) => !/^(AWS_|OVATION_)/.test(name));
  const env = {
    ...Object.fromEntries(own),
    HOME: home,
    NODE_OPTIONS: "",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_REGION: "us-east-1",
    DATA_DIR: home,
    PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
  };
  try {
    const { status, stdout, stderr } = spawnSync("sh", ["-c", command], {
      cwd: root,
      env,
      encoding: "utf8",
      timeout: 120_000,
    });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const inBlocks = guides
  .flatMap(accountBlocks)
  .flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"))
  .filter((line) => trialOf(line) === "account" && line.startsWith("npm run"))
  .map((line) => line.replace(/\s+#.*$/, ""));
const withAccount = [
  ...new Set([...inBlocks, ...inline.filter((one) => trialOf(one) === "account")]),
];

test.each(withAccount)(
  "`%s` reports the missing account, and accepts all of its arguments",
  (command) => {
    // Only stages that keep data have backups.
    const stage = /restore|drill/.test(command) ? "prod" : "dev";
    const placed = command.replaceAll(/\bSTAGE\b(?!-)/g, stage).replaceAll(" …", " x");
    const { status, said } = runWithoutAccount(placed);
    expect({ said, status }).toMatchObject({
      said: expect.stringMatching(
        /credentials|The URL of the stage|Expected a stage|Nothing was (deployed|deleted)/,
      ),
    });
    expect(status === 1 || /Nothing was deployed|Expected a stage/.test(said)).toBe(true);
    expect(said).not.toMatch(/Unknown option|\n {4}at /);
  },
  testMilliseconds,
);

test("commands that need an account are at least valid shell scripts", () => {
  const blocks = guides.flatMap(accountBlocks);
  expect(blocks.length).toBeGreaterThanOrEqual(6);
  for (const { text } of blocks) {
    const { status, stderr } = spawnSync("sh", ["-n"], { input: text, encoding: "utf8" });
    expect({ text, status, stderr }).toEqual({ text, status: 0, stderr: "" });
  }
});

test("long-running commands exist, with the tests that they name", () => {
  const { scripts } = JSON.parse(readGuide("package.json")) as { scripts: Record<string, string> };
  const commands = inline.filter((command) => trialOf(command) === "own");
  expect(commands.length).toBeGreaterThan(20);
  for (const command of commands) {
    const [, name] = /npm (?:run )?(?:-s )?([\w:-]+)/.exec(command)!;
    const missing = command
      .match(/\btest\/[\w/]+/g)
      ?.filter((path) => !["", ".test.ts"].some((end) => existsSync(join(root, path + end))));
    expect({ command, known: name! in scripts, missing: missing ?? [] }).toEqual({
      command,
      known: true,
      missing: [],
    });
  }
});
