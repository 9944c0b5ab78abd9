import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { isAccepted } from "../../lib/nag.ts";
import { stageOf } from "../../lib/stages/stages.ts";
import {
  alarmOf,
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
const [dev, prod, { templates: after, stacks, findings }] = [
  await templatesOf({ stage: "dev" }),
  await templatesOf({ stage: "prod" }),
  await synthesize({ ...prodStage, backupCopy: elsewhere, restored }),
];

/*
 * The statements of AWS's managed policies that are about DynamoDB and the vaults, of version 29 of
 * February 2026; what they say of resources is the kind alone.
 * https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
 * https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForRestores.html
 */
const managed: Record<"backup" | "restore", Record<string, RegExp>> = {
  backup: {
    "dynamodb:DescribeTable": /:table\/[\w-]+$/,
    "dynamodb:CreateBackup": /:table\/[\w-]+$/,
    "dynamodb:StartAwsBackupJob": /:table\/[\w-]+$/,
    "dynamodb:ListTagsOfResource": /:table\/[\w-]+$/,
    "dynamodb:DescribeBackup": /\/backup\/\*$/,
    "dynamodb:DeleteBackup": /\/backup\/\*$/,
    "backup:DescribeBackupVault": /vault/,
    "backup:CopyIntoBackupVault": /vault/,
    "backup:CopyFromBackupVault": /^\*$/,
    "backup:TagResource": /:recovery-point:\*$/,
  },
  restore: {
    "dynamodb:Scan": /:table\//,
    "dynamodb:Query": /:table\//,
    "dynamodb:UpdateItem": /:table\//,
    "dynamodb:PutItem": /:table\//,
    "dynamodb:GetItem": /:table\//,
    "dynamodb:DeleteItem": /:table\//,
    "dynamodb:BatchWriteItem": /:table\//,
    "dynamodb:DescribeTable": /:table\//,
    "dynamodb:RestoreTableFromAwsBackup": /:table\//,
    "dynamodb:RestoreTableFromBackup": /\/backup\/\*$/,
  },
};

test("every stage's table has point-in-time recovery, and the guides say how long it keeps data", () => {
  for (const templates of [dev, prod]) {
    const { Properties } = theResource(templates, "AWS::DynamoDB::GlobalTable", "data");
    const recovery = Properties.Replicas[0].PointInTimeRecoverySpecification;
    // Without another period it is 35 days.
    expect(recovery).toEqual({ PointInTimeRecoveryEnabled: true });
  }
  for (const [path, line] of [
    ["docs/restore.md", /^Every stage has point-in-time recovery;/m],
    ["docs/restore.md", /^\| point-in-time recovery of the table \| 35 days/m],
    ["docs/own-data.md", /^\| point-in-time recovery of every stage's table, .*\| 35 days \|$/m],
  ] as const)
    expect(readFileSync(path, "utf8")).toMatch(line);
});

type Statement = { actions: string[]; resources: string[] };

/** The statements of a service role that `what` selects. */
function statementsOf(templates: typeof prod, service: string, what: RegExp): Statement[] {
  const { Policies, ManagedPolicyArns } = theResource(
    templates,
    "AWS::IAM::Role",
    "data",
    ({ Properties }) => {
      const text = JSON.stringify(Properties);
      return text.includes(service) && what.test(text);
    },
  ).Properties;
  expect(ManagedPolicyArns).toBeUndefined();
  return Policies[0].PolicyDocument.Statement.map((one: { Action: string; Resource: object }) => ({
    actions: [one.Action].flat(),
    resources: [one.Resource].flat().map(flat),
  }));
}

/** Actions of a managed policy that the role does not allow on resources of the same kind. */
const missingFrom = (statements: readonly Statement[], policy: Record<string, RegExp>) =>
  Object.entries(policy)
    .filter(
      ([action, kind]) =>
        !statements.some(
          ({ actions, resources }) =>
            actions.includes(action) && resources.some((resource) => kind.test(resource)),
        ),
    )
    .map(([action]) => action);

describe("the table of prod", () => {
  test("is backed up daily and monthly in a separate vault, where backups cannot be deleted for a week", () => {
    const vault = theResource(prod, "AWS::Backup::BackupVault", "data");
    expect(vault.Properties.LockConfiguration).toEqual({ MinRetentionDays: 7 });
    expect(vault.DeletionPolicy).toBe("RetainExceptOnCreate");
    const rules = theResource(prod, "AWS::Backup::BackupPlan", "data").Properties.BackupPlan
      .BackupPlanRule as {
      RuleName: string;
      ScheduleExpression: string;
      Lifecycle: object;
      CopyActions?: object[];
    }[];
    expect(rules.map((one) => [one.RuleName, one.ScheduleExpression, one.Lifecycle])).toEqual([
      ["daily", "cron(0 3 * * ? *)", { DeleteAfterDays: 35 }],
      ["monthly", "cron(0 4 1 * ? *)", { DeleteAfterDays: 365 }],
    ]);
    for (const { CopyActions = [] } of rules) expect(CopyActions).toEqual([]);
    const { Properties } = theResource(prod, "AWS::Backup::BackupSelection", "data");
    expect(Properties.BackupSelection.Resources.map(flat)).toEqual([
      expect.stringMatching(/:table\/ovation-prod$/),
    ]);
  });

  test("is created after its backups, since it could not be rolled back when they fail", () => {
    const [[, table] = []] = Object.entries(prod.data!).filter(([, { Type }]) =>
      /GlobalTable$/.test(Type),
    );
    const backups = Object.entries(prod.data!).filter(([, { Type }]) => /::Backup::/.test(Type));
    expect(backups.length).toBe(3);
    for (const [id] of backups) expect(table?.DependsOn).toContain(id);
  });

  test("is backed up by a role with the DynamoDB part of AWS's managed policy", () => {
    const statements = statementsOf(prod, "backup.amazonaws.com", /CreateBackup/);
    expect(missingFrom(statements, managed.backup)).toEqual([]);
    for (const { actions } of statements)
      for (const action of actions) expect(action).not.toMatch(/Restore|GetItem|Query|Scan|\*/);
    // With a customer-managed key the role would need the policy's KMS statements, too.
    const { Properties } = theResource(prod, "AWS::DynamoDB::GlobalTable", "data");
    expect(Properties.SSESpecification).toBeUndefined();
    const vault = theResource(prod, "AWS::Backup::BackupVault", "data");
    expect(vault.Properties.EncryptionKeyArn).toBeUndefined();
  });

  test("is restored by a role that reaches only other tables", () => {
    const statements = statementsOf(prod, "backup.amazonaws.com", /Restore/);
    expect(missingFrom(statements, managed.restore)).toEqual([]);
    for (const { actions, resources } of statements)
      if (!actions.includes("dynamodb:RestoreTableFromBackup"))
        for (const resource of resources) expect(resource).toMatch(/:table\/ovation-prod-\*$/);
  });

  test("has alarms on a failed backup or copy, and on none completed in 26 hours", () => {
    const on = (templates: typeof prod, metric: string) =>
      resourcesOf(templates, "AWS::CloudWatch::Alarm", "watch")
        .map(({ Properties }) => Properties)
        .filter(({ MetricName }) => MetricName === metric);
    const vault = [{ Name: "BackupVaultName", Value: "ovation-prod" }];
    expect(on(prod, "NumberOfBackupJobsFailed")).toEqual([
      expect.objectContaining({ Dimensions: vault, Threshold: 1 }),
    ]);
    const [missing, ...others] = on(prod, "NumberOfBackupJobsCompleted");
    expect(others).toEqual([]);
    expect(missing).toMatchObject({
      Dimensions: vault,
      Statistic: "Sum",
      Threshold: 1,
      Period: 3_600,
      EvaluationPeriods: 26,
      DatapointsToAlarm: 26,
      ComparisonOperator: "LessThanThreshold",
      TreatMissingData: "breaching",
    });
    expect(on(prod, "NumberOfCopyJobsFailed")).toEqual([]);
    // AWS counts a copy by the vault that it goes to:
    // https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html
    expect(on(after, "NumberOfCopyJobsFailed")).toEqual([
      expect.objectContaining({ Dimensions: [{ Name: "BackupVaultName", Value: "ovation" }] }),
    ]);
    expect(on(dev, "NumberOfBackupJobsFailed")).toEqual([]);
    expect(on(dev, "NumberOfBackupJobsCompleted")).toEqual([]);
  });

  test("is copied to the stage's other vault", () => {
    const rules = theResource(after, "AWS::Backup::BackupPlan", "data").Properties.BackupPlan
      .BackupPlanRule as {
      CopyActions: { DestinationBackupVaultArn: string; Lifecycle?: object }[];
    }[];
    expect(rules.map(({ CopyActions }) => CopyActions[0]?.DestinationBackupVaultArn)).toEqual([
      elsewhere,
      elsewhere,
    ]);
    // A copy without its own lifecycle is kept, and billed, forever.
    expect(rules.map(({ CopyActions }) => CopyActions[0]?.Lifecycle)).toEqual([
      { DeleteAfterDays: 35 },
      { DeleteAfterDays: 365 },
    ]);
  });
});

test("a stage whose data may be deleted has no backups", () => {
  expect(resourcesOf(dev, "AWS::Backup::BackupVault")).toEqual([]);
});

describe("a restored table", () => {
  test("replaces the stage's own for every function, policy, reader and alarm", () => {
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
      resourcesOf(after, "AWS::CloudWatch::Alarm").map((alarm) => alarmOf(alarm).Dimensions),
    );
    expect(named).toContain('"TableName","Value":"ovation-prod-2"');
    expect(named).not.toContain('"TableName","Value":"ovation-prod"');
    const [selection] = resourcesOf(after, "AWS::Backup::BackupSelection");
    expect(selection!.Properties.BackupSelection.Resources.map(flat)).toEqual([
      expect.stringMatching(/:table\/ovation-prod-2$/),
    ]);
  });

  test("can be deployed: AWS's rules, which would end the synthesis, find nothing new", () => {
    expect(findings.filter(({ rule, path }) => !isAccepted(rule, path))).toEqual([]);
  });

  test("leaves the backups of the previous one to expire, and to be restored", () => {
    const reached = (action: string) =>
      statementsOf(after, "backup.amazonaws.com", new RegExp(action)).flatMap(
        ({ actions, resources }) =>
          actions.includes(`dynamodb:${action}`)
            ? resources.map((resource) => resource.replace(/^.*:table/, "table"))
            : [],
      );
    const backups = ["table/ovation-prod/backup/*", "table/ovation-prod-*/backup/*"];
    for (const action of ["DescribeBackup", "DeleteBackup", "RestoreTableFromBackup"])
      expect([action, reached(action)]).toEqual([action, backups]);
    expect(reached("CreateBackup")).toEqual(["table/ovation-prod-2"]);
  });

  test("leaves the previous one in place", () => {
    const own = theResource(after, "AWS::DynamoDB::GlobalTable", "data");
    expect(own.Properties.TableName).toBe("ovation-prod");
    expect(own.Properties.Replicas[0].DeletionProtectionEnabled).toBe(true);
  });
});
