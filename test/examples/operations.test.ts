/**
 * Runs the commands of the guides for operators, as they are written there, against an account that
 * answers as AWS documents it.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { marshall } from "@aws-sdk/util-dynamodb";
import { newLog } from "../../platform/store/log/logs.ts";
import { park } from "../../platform/store/money/parked.ts";
import { putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { labelOf } from "../../platform/table/ownership.ts";
import { scanTable } from "../../platform/table/query.ts";
import { useAccount } from "../aws/account.ts";
import { answerOf } from "../aws/preflight-account.ts";
import { startTable } from "../platform/table.ts";
import { makeUser } from "../platform/wallet-people.ts";
import { outputOf } from "../system.ts";
import { accountBlocks, inlineCommands, trialOf } from "./guides.ts";

const root = join(import.meta.dirname, "../..");
const pages = ["docs/restore.md", "docs/runbook.md", "docs/deploying.md"];
const commandMilliseconds = 180_000;

const inBlocks = pages
  .flatMap(accountBlocks)
  .flatMap(({ text }) => text.split("\n"))
  .map((line) => line.replace(/\s+#.*$/, ""));
const commands = [...new Set([...inBlocks, ...pages.flatMap(inlineCommands)])].filter(
  (command) => trialOf(command) === "account",
);

const { account, settings } = useAccount();
let items: Record<string, unknown>[];
let home: string;
const cdkAsked = () => join(home, "cdk-asked");

beforeAll(async () => {
  const { stop } = await startTable();
  await makeUser("ann", 500);
  for (const streamId of ["a", "b"]) await putItem({ ...key.log(streamId), ...newLog() });
  await park(key.gift("a", "1", 0), new Error("example"), new Date());
  items = [];
  for await (const item of scanTable()) items.push(marshall(item, { removeUndefinedValues: true }));
  await stop();
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ovation-operator-"));
  writeFileSync(cdkAsked(), "");
  account.reset();
  account.before = ({ service, method, path, text, action }) => {
    if (service === "s3") return { status: 200, body: "<ListBucketResult></ListBucketResult>" };
    if (service === "dynamodb" || path.startsWith("/restore-jobs")) return undefined;
    if (path.includes("/recovery-points/") || path.includes("event-source-mappings"))
      return undefined;
    if (text.includes("Action=DescribeStacks") && !text.includes("StackName=")) {
      const isDestroyed = cdkCalls().some(([command]) => command === "destroy");
      return { status: 200, body: stacksOf(isDestroyed ? [] : ["prod", "dev"]) };
    }
    const { status, body } = answerOf(path, text, action && `${method}.${action}`);
    return { status, body: body[0] === "<" ? body : JSON.parse(body) };
  };
});
afterEach(() => rmSync(home, { recursive: true }));

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html */
const stacksOf = (stages: readonly string[]) =>
  `<DescribeStacksResponse><DescribeStacksResult><Stacks>${stages
    .map(
      (stage) =>
        `<member><StackName>ovation-${stage}-data</StackName><Outputs><member>` +
        `<OutputKey>failuresbucket</OutputKey><OutputValue>ovation-${stage}-failures-1` +
        "</OutputValue></member></Outputs></member>",
    )
    .join("")}</Stacks></DescribeStacksResult></DescribeStacksResponse>`;

/** Runs a line as a reader types it, who confirms; the account answers from this process. */
function type(line: string): Promise<{ status: number | null; said: string }> {
  const recorded = pathToFileURL(join(root, "test/aws/recorded-cdk.ts")).href;
  const env = {
    ...process.env,
    ...settings,
    AWS_CONFIG_FILE: "/nowhere",
    AWS_SHARED_CREDENTIALS_FILE: "/nowhere",
    HOME: home,
    DATA_DIR: home,
    CDK_ASKED: cdkAsked(),
    NODE_OPTIONS: `--import ${recorded} --disable-warning=ExperimentalWarning`,
  };
  const child = spawn("sh", ["-c", line], { cwd: root, env });
  child.stdin.end("y\n");
  const said = outputOf(child.stdout, child.stderr);
  return new Promise((done) => child.on("close", (status) => done({ status, said: said() })));
}

const tableOf = (stage: string, extra = {}) =>
  account.createTable(
    `ovation-${stage}`,
    [marshall(labelOf({ stage, release: "0.1.0" })), ...items],
    extra,
  );
const backup = (at = "2026-11-21T03:00:00Z") =>
  account.backups.push({
    vault: "ovation-prod",
    at: new Date(at),
    items: [marshall(labelOf({ stage: "prod", release: "0.1.0" })), ...items],
  });
const cdkCalls = () =>
  readFileSync(cdkAsked(), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as string[]);

type Tried = {
  /** The stage in place of STAGE; prod unless it says otherwise. */
  stage?: string;
  /** What is added to the line, so that it looks at AWS more often. */
  more?: string;
  before?: () => void;
  status?: number;
  says: readonly (string | RegExp)[];
  /** The guide's text that names the rights for it. */
  rights?: string;
  after?: () => void;
};

/** The text of a page from one phrase to another. */
function between(path: string, from: string, to: string): string {
  const [, text = ""] = readFileSync(path, "utf8").split(from);
  return text.split(to)[0]!;
}

/** The rights that the calls of some services need: a transaction needs those of its parts. */
const neededRights = (): Set<string> =>
  new Set(
    account.asked.flatMap(({ service, method, action, body, text }) => {
      if (service === "s3") return method === "DELETE" ? "DeleteObject" : "ListBucket";
      if (service === "cloudformation") return /Action=(\w+)/.exec(text)![1]!;
      if (service !== "dynamodb") return [];
      if (action !== "TransactWriteItems") return action;
      const parts = body.TransactItems as object[];
      return parts.flatMap((part) => Object.keys(part).map((name) => `${name}Item`));
    }),
  );

/** A deployment goes on to CDK and then says whose table it is. */
const deploys = (stage: string, ...options: string[]): Tried => ({
  stage,
  before: () => tableOf(stage),
  says: [],
  rights: between("docs/deploying.md", "## Deployment rights", "## "),
  after() {
    const [[command, ...given] = []] = cdkCalls();
    expect(command).toBe("deploy");
    expect(given).toEqual(expect.arrayContaining(["--all", `stage=${stage}`, ...options]));
    const label = account.itemsOf(`ovation-${stage}`).find(({ release }) => release);
    expect(label).toMatchObject({ stage: { S: stage } });
  },
});

const every = "--every 1";
const switching = { rights: between("docs/restore.md", "Steps 1 and 4 take", "Step 2 takes") };
const restoring = {
  more: every,
  rights: between("docs/restore.md", "Step 2 takes", "Step 3 takes"),
};
const tried: Record<string, Tried> = {
  "npm run read-only -- STAGE": {
    ...switching,
    more: every,
    before: () => {
      tableOf("prod");
      account.mappings.set("a", { FunctionName: "ovation-prod-money-settle", State: "Enabled" });
    },
    says: ["1 event sources disabled", "ovation-prod receives no more writes"],
    after: () => expect(account.mappings.get("a")!.State).toBe("Disabled"),
  },
  "npm run writable -- STAGE": {
    ...switching,
    more: every,
    before: () => tableOf("prod"),
    says: ["ovation-prod is writable"],
  },
  "npm run restore -- STAGE --at 2026-11-21T03:55:00Z": {
    ...restoring,
    before: () => tableOf("prod", { stream: true, recovery: true, isProtected: true }),
    says: ["Everything fits", /restored: \{ table: "ovation-prod-\d{14}", streamArn: "arn:/],
  },
  "npm run restore -- STAGE --backup": {
    ...restoring,
    before: () => backup(),
    says: ["Everything fits", "npm run deploy -- prod --no-canary"],
  },
  "npm run restore -- STAGE --backup --before 2026-11-02T00:00:00Z": {
    ...restoring,
    before() {
      backup("2026-11-01T04:00:00Z");
      backup();
    },
    says: ["the table as of 2026-11-01T04:00:00.000Z", "Everything fits"],
  },
  "npm run drill -- STAGE": {
    more: every,
    before: () => backup(),
    says: [/restored, audited, \d+ items, Everything fits\n$/],
    rights: between("docs/restore.md", "drill needs", "##"),
  },
  "npm run audit -- --stage STAGE": {
    before: () => tableOf("prod"),
    says: ["Everything fits"],
    rights: between("docs/runbook.md", "`audit` takes", "\n\n"),
  },
  "npm run redrive -- --stage STAGE": {
    before: () => tableOf("prod"),
    says: ["1 records settled, 0 still parked.", "0 batches of the stream retried, 0 left."],
    rights: between("docs/runbook.md", "### records-given-up\n", "\n### "),
  },
  "npm run migrate -- STAGE": {
    before: () => tableOf("prod"),
    says: [/ovation-prod: the oldest data has form 5; this version reads forms/],
    rights: between("docs/deploying.md", "### Migrating data", "## "),
  },
  "npm run reset-logs -- --stage STAGE --yes": {
    before: () => {
      tableOf("prod");
      const since = new Date(Date.now() - 100_000).toISOString();
      const Item = marshall({ ...key.readOnly(), since });
      account.engine.execute("PutItem", { TableName: "ovation-prod", Item });
    },
    says: [/\d+ logs? of prod reset\./],
    rights: between("docs/runbook.md", "`reset-logs` takes", "\n\n"),
  },
  "npm run destroy -- dev": {
    says: ["ovation-dev-failures-1: 0 objects deleted"],
    rights: between("docs/deploying.md", "## Deleting a stage", "\n## "),
    after: () =>
      expect(cdkCalls()).toEqual([expect.arrayContaining(["destroy", "ovation-dev-*", "--force"])]),
  },
  "npm run deploy -- dev": deploys("dev"),
  "npm run deploy -- staging": deploys("staging"),
  "npm run deploy -- STAGE --no-canary": deploys("staging", "canary=off"),
  // Nothing of prod as it is checked out may be deployed.
  "npm run deploy -- STAGE": {
    status: 2,
    says: [/^Nothing was deployed\. Problems to fix: \d+$/m, "prod: alarmsAddress is still"],
    after: () => expect(cdkCalls()).toEqual([]),
  },
  "npm run deploy": { status: 2, says: ["Expected a stage\nUsage: npm run deploy"] },
};

/** What is not run here, and why. */
const notHere: Record<string, string> = {
  "npm run smoke -- --stage STAGE --token …": "needs a stage's APIs: `npm run test:stage`",
  "npm run smoke -- --stage staging --token …": "needs a stage's APIs: `npm run test:stage`",
};

test("every command that needs an account is run here, or has a reason", () => {
  expect([...commands].sort()).toEqual([...Object.keys(tried), ...Object.keys(notHere)].sort());
});

test.each(Object.entries(tried))(
  "`%s` does what the guide says",
  async (command, { stage = "prod", more = "", before, status = 0, says, rights, after }) => {
    before?.();
    const line = `${command.replaceAll("STAGE", stage)}${more && ` ${more}`}`;
    const ran = await type(line);
    expect({ ...ran, line }).toMatchObject({ status });
    for (const text of says)
      expect(ran.said).toMatch(typeof text === "string" ? RegExp(escaped(text)) : text);
    for (const action of rights === undefined ? [] : neededRights())
      expect(rights).toMatch(RegExp(`\\b${action}["\`]`));
    after?.();
  },
  commandMilliseconds,
);

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

test(
  "a deployment onto another stage's table ends before anything is changed",
  async () => {
    account.createTable("ovation-dev", [
      marshall(labelOf({ stage: "staging", release: "0.1.0" })),
      ...items,
    ]);
    const { status, said } = await type("npm run deploy -- dev --yes");
    expect({ status, said }).toMatchObject({ status: 2 });
    expect(said).toMatch(/table ovation-dev .*staging/);
    expect(cdkCalls()).toEqual([]);
  },
  commandMilliseconds,
);

test(
  "a deployment asks about its rights, and only --yes lets a pipeline pass",
  async () => {
    tableOf("dev");
    for (const [options, isAsked] of [
      ["", true],
      [" --yes", false],
    ] as const) {
      writeFileSync(cdkAsked(), "");
      expect(await type(`npm run deploy -- dev${options}`)).toMatchObject({ status: 0 });
      expect(cdkCalls()[0]!.includes("never")).toBe(!isAsked);
    }
  },
  commandMilliseconds,
);

test.each(["deploy", "destroy"])(
  "%s reaches only the stage that it names, whatever context CDK gets",
  async (command) => {
    tableOf("dev");
    const { status } = await type(`npm run ${command} -- dev --yes -c stage=prod`);
    expect(status).toBe(0);
    // CDK uses the last one.
    const stages = cdkCalls()[0]!.filter((option) => option.startsWith("stage="));
    expect(stages.at(-1)).toBe("stage=dev");
  },
  commandMilliseconds,
);
