import { ArnFormat, Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
import {
  BackupPlan,
  BackupPlanRule,
  BackupResource,
  BackupVault,
  type IBackupVault,
} from "aws-cdk-lib/aws-backup";
import { Schedule } from "aws-cdk-lib/aws-events";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import {
  restoredNames,
  restoreRoleName,
  tableName,
  tableNames,
  vaultName,
} from "../stages/names.ts";
import type { Stage } from "../stages/stages.ts";

/** Days for which daily and monthly backups are kept. */
const kept = { daily: 35, monthly: 365 };

/** Days for which backups cannot be deleted, whatever the rights on the vault. */
const lockedDays = 7;

/**
 * Backups of the table, stored separately: point-in-time recovery covers 35 days and is deleted
 * with the table. If the stage names a vault elsewhere (another account or region), each backup is
 * copied there. Uses the table's name, not a reference, since the table is created last. Returns
 * what must exist before the table.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html
 */
export function addBackups(stack: Stack, stage: Stage): Construct[] {
  const vault = new BackupVault(stack, "vault", {
    backupVaultName: vaultName(stage),
    lockConfiguration: { minRetention: Duration.days(lockedDays) },
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  const copies =
    stage.backupCopy === undefined
      ? []
      : [BackupVault.fromBackupVaultArn(stack, "copies", stage.backupCopy)];
  const rule = (ruleName: string, scheduleExpression: Schedule, days: number) =>
    new BackupPlanRule({
      ruleName,
      backupVault: vault,
      scheduleExpression,
      deleteAfter: Duration.days(days),
      copyActions: copies.map((destinationBackupVault) => ({
        destinationBackupVault,
        deleteAfter: Duration.days(days),
      })),
    });
  const plan = new BackupPlan(stack, "backups", {
    backupPlanName: `ovation-${stage.name}`,
    backupPlanRules: [
      rule("daily", Schedule.cron({ hour: "3", minute: "0" }), kept.daily),
      rule("monthly", Schedule.cron({ day: "1", hour: "4", minute: "0" }), kept.monthly),
    ],
  });
  const table = tableArn(stack, tableName(stage));
  const selection = plan.addSelection("table", {
    resources: [BackupResource.fromArn(table)],
    role: backupRole(stack, stage, table, [vault, ...copies]),
  });
  return [vault, plan, selection, restoreRole(stack, stage)];
}

const tableArn = (stack: Stack, resourceName: string) =>
  stack.formatArn({ service: "dynamodb", resource: "table", resourceName });

/**
 * Backups of the stage's own table and of restored ones: those from before a restore must still
 * expire, and another restore may need them.
 */
const backupsOf = (stack: Stack, stage: Stage) =>
  tableNames(stage).map((name) => tableArn(stack, `${name}/backup/*`));

const allow = (actions: string[], resources: string[]) =>
  new PolicyStatement({ actions, resources });

/** A role for AWS Backup with only its own statements. */
function roleOf(stack: Stack, id: string, statements: PolicyStatement[], roleName?: string) {
  const role = new Role(stack, id, {
    ...(roleName && { roleName }),
    assumedBy: new ServicePrincipal("backup.amazonaws.com"),
    inlinePolicies: { own: new PolicyDocument({ statements }) },
  });
  // A selection would add the managed policy.
  return role.withoutPolicyUpdates();
}

/**
 * Backs up the one table and copies into the vaults: the DynamoDB part of AWS's managed policy,
 * without restores. Jobs of a tagged table fail without `backup:TagResource`.
 * https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
 */
function backupRole(stack: Stack, stage: Stage, table: string, vaults: readonly IBackupVault[]) {
  return roleOf(stack, "backup-role", [
    allow(
      [
        "dynamodb:CreateBackup",
        "dynamodb:DescribeTable",
        "dynamodb:ListTagsOfResource",
        "dynamodb:StartAwsBackupJob",
      ],
      [table],
    ),
    allow(["dynamodb:DeleteBackup", "dynamodb:DescribeBackup"], backupsOf(stack, stage)),
    allow(
      ["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
      vaults.map(({ backupVaultArn }) => backupVaultArn),
    ),
    // This action has no resource.
    allow(["backup:CopyFromBackupVault"], ["*"]),
    allow(["backup:TagResource"], [recoveryPoints(stack)]),
  ]);
}

const recoveryPoints = (stack: Stack) =>
  stack.formatArn({
    service: "backup",
    resource: "recovery-point",
    resourceName: "*",
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/**
 * Restores backups into other tables of the stage, whose names start with the table's and a hyphen
 * (`npm run restore`): it cannot reach the stage's own table.
 * https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForRestores.html
 */
function restoreRole(stack: Stack, stage: Stage) {
  const statements = [
    allow(
      [
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:RestoreTableFromAwsBackup",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
      ],
      [tableArn(stack, restoredNames(stage))],
    ),
    allow(["dynamodb:RestoreTableFromBackup"], backupsOf(stack, stage)),
  ];
  return roleOf(stack, "restore-role", statements, restoreRoleName(stage));
}
