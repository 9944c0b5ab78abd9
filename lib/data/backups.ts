import { Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
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
import { tableName, vaultName } from "../stages/names.ts";
import type { Stage } from "../stages/stages.ts";

/** Days for which a day's and a month's backup are kept. */
const kept = { daily: 35, monthly: 365 };

/** Days for which nobody deletes a backup, whatever rights they have on the vault. */
const lockedDays = 7;

/**
 * Backups of the table apart from it: its recovery to a point in time reaches back 35 days and goes
 * when the table does. Where the stage names a vault elsewhere (another account or region), each
 * backup is copied there. By the table's name and not by reference: the table is made last.
 * Answers what has to be there before the table.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html
 */
export function placeBackups(stack: Stack, stage: Stage): Construct[] {
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
  const table = stack.formatArn({
    service: "dynamodb",
    resource: "table",
    resourceName: tableName(stage),
  });
  const selection = plan.addSelection("table", {
    resources: [BackupResource.fromArn(table)],
    role: backupRole(stack, table, [vault, ...copies]),
  });
  return [vault, plan, selection];
}

/** Backs up the one table and copies into the vaults: less than AWS's managed policy, no restore. */
function backupRole(stack: Stack, table: string, vaults: readonly IBackupVault[]) {
  const allow = (actions: string[], resources: string[]) =>
    new PolicyStatement({ actions, resources });
  const statements = [
    allow(
      [
        "dynamodb:CreateBackup",
        "dynamodb:DescribeTable",
        "dynamodb:ListTagsOfResource",
        "dynamodb:StartAwsBackupJob",
      ],
      [table],
    ),
    allow(["dynamodb:DeleteBackup", "dynamodb:DescribeBackup"], [`${table}/backup/*`]),
    allow(
      ["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
      vaults.map(({ backupVaultArn }) => backupVaultArn),
    ),
  ];
  const role = new Role(stack, "backup-role", {
    assumedBy: new ServicePrincipal("backup.amazonaws.com"),
    inlinePolicies: { own: new PolicyDocument({ statements }) },
  });
  // A selection would add the managed policy.
  return role.withoutPolicyUpdates();
}
