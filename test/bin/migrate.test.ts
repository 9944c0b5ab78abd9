import { marshall } from "@aws-sdk/util-dynamodb";
import { beforeEach, expect, test } from "@jest/globals";
import { forms } from "../../platform/table/layout.ts";
import { labelOf } from "../../platform/table/ownership.ts";
import { runProgram, useAccount } from "../aws/account.ts";

const { account, settings } = useAccount();

const labelled = (more: object = {}) =>
  account.createTable("ovation-prod", [
    marshall({ ...labelOf({ stage: "prod", release: "0.0.0" }), ...more }),
    marshall({ PK: "WALLET#ann", SK: "WALLET", balance: 5 }),
  ]);
beforeEach(() => account.reset());

const run = (...options: string[]) => runProgram("operate/migrate.ts", options, settings);

// Migrations of items are tested in test/platform/migrate.test.ts: no release has one yet.
test("a stage whose data needs no migration gets a sentence, and its table is unchanged", async () => {
  labelled();
  const before = account.itemsOf("ovation-prod");
  const { status, stdout, stderr } = await run("prod");
  const { from, to } = forms.reads;
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toBe(
    `ovation-prod: the oldest data has form ${forms.writes}; this version reads forms ${from} to ${to}\n`,
  );
  expect(account.itemsOf("ovation-prod")).toEqual(before);
});

test.each([
  [["nowhere"], 2, "Expected a stage, found 'nowhere'"],
  [["prod", "--units", "0"], 2, "--units: expected a positive number, found '0'"],
  [["prod"], 2, "The table ovation-prod is that of the stage eu, not of prod"],
  [["staging"], 1, "There is no table ovation-staging in the account and region"],
])("%j exits with %i and a sentence", async (options, code, sentence) => {
  labelled({ stage: "eu" });
  const { status, stderr } = await run(...options);
  expect(status).toBe(code);
  expect(stderr.startsWith(sentence)).toBe(true);
});

test("data of a later release is refused with the release's name", async () => {
  labelled({ version: forms.reads.to + 1, release: "9.0.0" });
  const { status, stderr } = await run("prod");
  expect([status, stderr]).toEqual([2, expect.stringContaining("Use release 9.0.0 or a later")]);
});
