/** Every command in a guide is tested (test/examples/guides.test.ts). */
import {
  blocksOf,
  guides,
  inlineCommands,
  readGuide,
  startsProgram,
  trialOf,
} from "../examples/guides.ts";

/** Languages of blocks: shell is pasted, code is compiled, the rest contains no commands. */
const languages = {
  pasted: ["sh"],
  compiled: ["js", "ts", "jsx"],
  shown: ["css", "html", "json", "mermaid", ""],
};

/** The output of `npm start`: its lines are run by test/examples/readme.test.ts. */
const isPrinted = ({ text }: { text: string }) => /^\s*Ovation \S+ is ready/.test(text);

test("a block is pasted or compiled, or contains no command", () => {
  const known = Object.values(languages).flat();
  const untried = guides.flatMap((path) =>
    blocksOf(readGuide(path))
      .filter((block) => !isPrinted(block))
      .filter(
        ({ language, text }) =>
          !known.includes(language) ||
          (languages.shown.includes(language) && text.split("\n").some(startsProgram)),
      )
      .map(({ language, text }) => `${path}, ${language}: ${text.split("\n")[0]}`),
  );
  expect(untried).toEqual([]);
});

test("commands are fenced, because indented ones would not be tested", () => {
  const indented = guides.flatMap((path) =>
    readGuide(path)
      .replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "")
      .split("\n")
      .filter((line) => /^ {4,}\S/.test(line) && startsProgram(line.trim()))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(indented).toEqual([]);
});

test("only a listed few commands need external services", () => {
  const commands = guides.flatMap(inlineCommands).filter((one) => trialOf(one) === "outside");
  const beginnings = new Set(commands.map((one) => one.split(" ").slice(0, 3).join(" ")));
  expect([...beginnings].sort()).toEqual([
    "aws backup update-region-settings",
    "aws backup …",
    "aws cloudformation delete-stack",
    "aws dynamodb delete-table",
    "aws dynamodb update-table",
    "aws ecs update-service",
    "aws iam create-open-id-connect-provider",
    "aws iam create-service-linked-role",
    "aws secretsmanager get-secret-value",
    "aws secretsmanager put-secret-value",
    "aws sso login",
    "aws sts get-caller-identity",
    "curl https://acme.eu.auth0.com/oauth/token -d",
    "docker compose up",
    "npm run install:browser",
    "npm run smoke",
    "npx cdk bootstrap",
  ]);
});

test("the rules catch planted violations", () => {
  const [block] = blocksOf("1. So:\n   ```console now\n   npm start\n   ```\n");
  expect(block).toEqual({ language: "console", name: "now", text: "npm start\n" });
  expect(["curl -s http://x", "TOKEN=$(npm run -s token)", "npm ci"].every(startsProgram)).toBe(
    true,
  );
  expect(["fields @timestamp", "Authorization: Bearer x", "npm"].some(startsProgram)).toBe(false);
  expect(trialOf("npm run deploy -- dev")).toBe("account");
  expect(trialOf("npm run -s token -- ann")).toBe("paste");
});
