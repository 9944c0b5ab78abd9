import { expect, test } from "@jest/globals";
import { tableName } from "../../lib/stages/names.ts";
import type { StageIdentity } from "../../lib/stages/stage-identity.ts";
import { type Policy, type Row, stageNamed, stagesOf } from "../../lib/stages/stages.ts";

/** The policy of prod, without its identity. */
function policyOf(stage: string): Policy {
  const { name, account, region, domain, restored, backupCopy, issuer, repository, ...policy } =
    stageNamed(stage);
  return policy;
}

type Own = Omit<StageIdentity, "name">;
const stream = (table: string) =>
  `arn:aws:dynamodb:eu-central-1:111122223333:table/${table}/stream/2026-11-21T04:00:00.000`;
const vault = (name: string, region = "eu-west-1") =>
  `arn:aws:backup:${region}:111122223333:backup-vault:${name}`;
const prod: Own = {
  account: "111122223333",
  region: "eu-central-1",
  domain: {
    name: "live.acme.com",
    certificate: "arn:aws:acm:us-east-1:111122223333:certificate/1",
  },
  restored: { table: "ovation-prod-2", streamArn: stream("ovation-prod-2") },
  backupCopy: vault("copies"),
};
const listed = (staging?: Own): Record<string, Row> => ({
  staging: { policy: policyOf("staging"), ...(staging && { place: staging }) },
  prod: { policy: policyOf("prod"), place: prod },
});

test("a stage made like prod has prod's policy and nothing of prod's identity", () => {
  const [staging, own] = stagesOf({
    staging: { policy: policyOf("prod") },
    prod: { policy: policyOf("prod"), place: prod },
  });
  expect(tableName(own!)).toBe("ovation-prod-2");
  expect(tableName(staging!)).toBe("ovation-staging");
  expect(staging!.rates).toEqual(own!.rates);
  for (const what of ["account", "region", "domain", "restored", "backupCopy"] as const)
    expect([what, staging![what]]).toEqual([what, undefined]);
});

test.each<[string, Own]>([
  ["table ovation-prod-2", { restored: prod.restored! }],
  [
    "table ovation-prod",
    { restored: { table: "ovation-prod", streamArn: stream("ovation-prod") } },
  ],
  ["domain live.acme.com", { region: "eu-central-1", domain: prod.domain! }],
  ["backup vault copies", { backupCopy: prod.backupCopy! }],
  ["backup vault ovation-prod", { backupCopy: vault("ovation-prod", "eu-central-1") }],
])("no stage has the %s of another", (what, place) => {
  expect(() => stagesOf(listed(place))).toThrow(
    `staging and prod both have the ${what}: each stage needs its own`,
  );
});

test("a repository has one of GitHub's two forms, and no wildcard", () => {
  for (const repository of ["acme/live", "a-b/live.js_2", "acme@123/live@4567"])
    expect(() => stagesOf(listed({ repository }))).not.toThrow();
  for (const repository of ["live", "acme/*", "acme@*/live@*", "acme@1/live", "acme/live/x", ""])
    expect(() => stagesOf(listed({ repository }))).toThrow(
      `staging: repository is ${repository}, expected owner/name or owner@id/name@id`,
    );
});

test("the same name in another account or region does not conflict", () => {
  const table = { table: "ovation-prod", streamArn: stream("ovation-prod") };
  expect(() =>
    stagesOf(listed({ account: "444455556666", restored: table, backupCopy: vault("others") })),
  ).not.toThrow();
  expect(() => stagesOf(listed({ region: "eu-west-3", restored: table }))).not.toThrow();
  expect(() => stagesOf(listed({ backupCopy: vault("ovation-prod", "eu-west-1") }))).not.toThrow();
});

test("a restored table is read by its own stream", () => {
  const restored = { table: "ovation-staging-2", streamArn: stream("ovation-prod-2") };
  expect(() => stagesOf(listed({ restored }))).toThrow(
    "staging: restored.streamArn is no stream of ovation-staging-2",
  );
});

test.each(["prod-eu", "Prod", "productionofeuropewest", ""])(
  "a name that does not fit into those of functions, roles and tables is refused: '%s'",
  (name) => {
    const policy = policyOf("dev");
    expect(() => stagesOf({ [name]: { policy } })).toThrow(
      `lower-case letters and digits, found '${name}'`,
    );
    expect(() => stagesOf({ productionineurope20: { policy } })).not.toThrow();
  },
);
