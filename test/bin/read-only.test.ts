import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { marshall } from "@aws-sdk/util-dynamodb";
import { beforeEach, expect, test } from "@jest/globals";
import { labelOf } from "../../platform/table/ownership.ts";
import { runProgram, useAccount } from "../aws/account.ts";
import { outputOf } from "../system.ts";

const { account, settings } = useAccount();
beforeEach(() => {
  account.reset();
  account.createTable("ovation-prod", [marshall(labelOf({ stage: "prod", release: "0.0.0" }))]);
  const State = "Enabled";
  for (const [id, name] of [
    ["a", "ovation-prod-money-settle"],
    ["b", "ovation-prod-webhooks-deliver:live"],
    ["c", "ovation-dev-money-settle"],
    ["d", "another-prod-function"],
  ] as const)
    account.mappings.set(id, { FunctionName: name, State });
});

const run = (...options: string[]) =>
  runProgram("operate/read-only.ts", [...options, "--every", "1"], settings);
const states = () => [...account.mappings.values()].map(({ State }) => State);

test("a stage becomes read-only, its queues keep their messages, and both can be reverted", async () => {
  let busy = 2;
  account.before = ({ service, method }) =>
    service === "lambda" && method === "PUT" && busy-- > 0
      ? { status: 409, body: { __type: "ResourceInUseException", message: "being updated" } }
      : undefined;
  const { status, stdout, stderr } = await run("prod");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n").slice(1)).toEqual([
    "2 event sources disabled",
    "ovation-prod receives no more writes",
    "",
  ]);
  expect(states()).toEqual(["Disabled", "Disabled", "Enabled", "Enabled"]);
  expect(account.itemsOf("ovation-prod").map(({ SK }) => (SK as { S: string }).S)).toEqual(
    expect.arrayContaining(["READ-ONLY"]),
  );
  const ended = await run("prod", "--writable");
  expect([ended.status, ended.stderr]).toEqual([0, ""]);
  expect(states()).toEqual(["Enabled", "Enabled", "Enabled", "Enabled"]);
  expect(account.itemsOf("ovation-prod").length).toBe(1);
});

test("a stage becomes read-only although the reader of the output, such as head, has left", async () => {
  const path = join(import.meta.dirname, "../../bin/operate/read-only.ts");
  const env = { ...process.env, NODE_OPTIONS: "", ...settings };
  const child = spawn(process.execPath, [path, "prod", "--every", "1"], { env });
  child.stdout.destroy();
  const stderr = outputOf(child.stderr);
  const [status] = await once(child, "close");
  expect([status, stderr()]).toEqual([0, ""]);
  expect(states()).toEqual(["Disabled", "Disabled", "Enabled", "Enabled"]);
});

test("a stage without a table and an unknown stage are reported in a sentence", async () => {
  const none = await run("staging");
  expect([none.status, none.stderr]).toEqual([
    1,
    "There is no table ovation-staging in the account and region of the credentials.\n",
  ]);
  const wrong = await run("nowhere");
  expect([wrong.status, wrong.stderr.split("\n")[0]]).toEqual([
    2,
    "Expected a stage, found 'nowhere'",
  ]);
});
