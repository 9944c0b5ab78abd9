import { describe, expect, test } from "@jest/globals";
import { stageOf } from "../../lib/stages/stages.ts";
import {
  flat,
  functionsOf,
  resourcesOf,
  synthesize,
  templatesOf,
  theResource,
} from "./templates.ts";

const prodStage = stageOf((name) => (name === "stage" ? "prod" : undefined));
const elsewhere = "arn:aws:backup:eu-west-1:111122223333:backup-vault:ovation";
const restored = {
  table: "ovation-prod-2",
  streamArn: "arn:aws:dynamodb:us-east-1:111122223333:table/ovation-prod-2/stream/2026-11-21",
};
const [dev, prod, { templates: after, stacks }] = [
  await templatesOf({ stage: "dev" }),
  await templatesOf({ stage: "prod" }),
  await synthesize({ ...prodStage, backupCopy: elsewhere, restored }),
];

describe("the table of prod", () => {
  test("is backed up each day and month apart from it, where nobody deletes a backup for a week", () => {
    const vault = theResource(prod, "AWS::Backup::BackupVault", "data");
    expect(vault.Properties.LockConfiguration).toEqual({ MinRetentionDays: 7 });
    expect(vault.DeletionPolicy).toBe("RetainExceptOnCreate");
    const rules = theResource(prod, "AWS::Backup::BackupPlan", "data").Properties.BackupPlan
      .BackupPlanRule as { RuleName: string; Lifecycle: object; CopyActions?: object[] }[];
    expect(rules.map(({ RuleName, Lifecycle }) => [RuleName, Lifecycle])).toEqual([
      ["daily", { DeleteAfterDays: 35 }],
      ["monthly", { DeleteAfterDays: 365 }],
    ]);
    for (const { CopyActions = [] } of rules) expect(CopyActions).toEqual([]);
    const { Properties } = theResource(prod, "AWS::Backup::BackupSelection", "data");
    expect(Properties.BackupSelection.Resources.map(flat)).toEqual([
      expect.stringMatching(/:table\/ovation-prod$/),
    ]);
  });

  test("is made after its backups, since nothing could undo it when they fail", () => {
    const [[, table] = []] = Object.entries(prod.data!).filter(([, { Type }]) =>
      /GlobalTable$/.test(Type),
    );
    const backups = Object.entries(prod.data!).filter(([, { Type }]) => /::Backup::/.test(Type));
    expect(backups.length).toBe(3);
    for (const [id] of backups) expect(table?.DependsOn).toContain(id);
  });

  test("is backed up by a role that can read nothing and restore nothing", () => {
    const { Policies, ManagedPolicyArns } = theResource(
      prod,
      "AWS::IAM::Role",
      "data",
      ({ Properties }) => JSON.stringify(Properties).includes("backup.amazonaws.com"),
    ).Properties;
    expect(ManagedPolicyArns).toBeUndefined();
    const actions = Policies[0].PolicyDocument.Statement.flatMap(
      ({ Action }: { Action: string[] }) => Action,
    );
    expect(actions.length).toBe(8);
    for (const action of actions) expect(action).not.toMatch(/Restore|GetItem|Query|Scan|\*/);
  });

  test("is copied where the stage says", () => {
    const rules = theResource(after, "AWS::Backup::BackupPlan", "data").Properties.BackupPlan
      .BackupPlanRule as { CopyActions: { DestinationBackupVaultArn: string }[] }[];
    expect(rules.map(({ CopyActions }) => CopyActions[0]?.DestinationBackupVaultArn)).toEqual([
      elsewhere,
      elsewhere,
    ]);
  });
});

test("a stage whose data may go has no backups of its own", () => {
  expect(resourcesOf(dev, "AWS::Backup::BackupVault")).toEqual([]);
});

describe("a table that was restored", () => {
  test("takes the place of the stage's own for every function, policy, reader and alarm", () => {
    for (const [name, { properties, role }] of functionsOf(after)) {
      const { TABLE_NAME } = properties.Environment.Variables;
      if (TABLE_NAME !== undefined)
        expect([name, flat(TABLE_NAME)]).toEqual([name, restored.table]);
      const tables = role
        .filter(({ Action }) => Action.some((action) => action.startsWith("dynamodb:")))
        .flatMap(({ Resource }) => Resource);
      for (const table of tables)
        expect(table).toMatch(/:table\/ovation-prod-2|^<<ovation-prod-data>>$/);
    }
    const streams = resourcesOf(after, "AWS::Lambda::EventSourceMapping")
      .filter(({ Properties }) => Properties.StartingPosition !== undefined)
      .map(({ Properties }) => Properties.EventSourceArn);
    const told = { StackName: "ovation-prod-data", OutputName: "streamarn" };
    expect(streams).toMatchObject([{ "Fn::GetStackOutput": told }, { "Fn::GetStackOutput": told }]);
    const { template } = stacks.find(({ name }) => name === told.StackName)!;
    expect(template.Outputs?.[told.OutputName]?.Value).toBe(restored.streamArn);
    const named = JSON.stringify(
      resourcesOf(after, "AWS::CloudWatch::Alarm").map(({ Properties }) => Properties.Dimensions),
    );
    expect(named).toContain('"ovation-prod-2"');
    expect(named).not.toContain('"ovation-prod"');
    const [selection] = resourcesOf(after, "AWS::Backup::BackupSelection");
    expect(selection!.Properties.BackupSelection.Resources.map(flat)).toEqual([
      expect.stringMatching(/:table\/ovation-prod-2$/),
    ]);
  });

  test("leaves the one before it where it is", () => {
    const own = theResource(after, "AWS::DynamoDB::GlobalTable", "data");
    expect(own.Properties.TableName).toBe("ovation-prod");
    expect(own.Properties.Replicas[0].DeletionProtectionEnabled).toBe(true);
  });
});
