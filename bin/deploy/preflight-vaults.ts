import { backupCopyOf, vaultName } from "../../lib/stages/names.ts";
import type { Stage } from "../../lib/stages/stages.ts";
import { listAll } from "../aws/backups.ts";
import { serviceCaller } from "../aws/signed-caller.ts";
import { type AwsAccount, type Finding, runCheck } from "./finding.ts";

/**
 * Problems that would keep backups from being made or copied. A vault of another account cannot be
 * checked from here: its own policy allows copies.
 */
export async function checkVaults(
  aws: AwsAccount,
  stage: Stage,
  isFirst: () => Promise<boolean>,
): Promise<Finding[]> {
  if (!stage.keepData) return [];
  const action = "backup:ListBackupVaults";
  const found = await Promise.all([
    runCheck("the backup vault", action, () => findOwn(aws, vaultName(stage), isFirst)),
    runCheck("the vault for copies", action, () => findCopies(aws, stage)),
  ]);
  return found.flat();
}

async function findOwn(aws: AwsAccount, own: string, isFirst: () => Promise<boolean>) {
  if (!(await listVaults(aws)).includes(own) || !(await isFirst())) return [];
  return [
    {
      says: `The backup vault ${own} already exists without a stack of the stage`,
      fix: `aws backup delete-backup-vault --backup-vault-name ${own}, once it is empty; or give the stage another name`,
    },
  ];
}

async function findCopies(aws: AwsAccount, stage: Stage): Promise<Finding[]> {
  const copy = backupCopyOf(stage);
  if (copy === undefined || copy === "unreadable" || copy.account !== aws.account) return [];
  if ((await listVaults({ ...aws, region: copy.region })).includes(copy.name)) return [];
  return [
    {
      says: `There is no backup vault ${copy.name} in ${copy.region}, for copies`,
      fix: `aws backup create-backup-vault --region ${copy.region} --backup-vault-name ${copy.name}`,
    },
  ];
}

/**
 * The names of a region's vaults. All are listed, because AWS returns the same error for a missing
 * vault and for one without access.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupVaults.html
 */
async function listVaults(aws: AwsAccount): Promise<string[]> {
  const call = serviceCaller(aws, "backup");
  const path = "/backup-vaults/";
  const vaults = await listAll<{ BackupVaultName: string }>(call, path, "BackupVaultList");
  return vaults.map(({ BackupVaultName }) => BackupVaultName);
}
