import { setTimeout as pause } from "node:timers/promises";
import { restoreRoleName, vaultName } from "../../lib/stages/names.ts";
import { pollStatus } from "./restored-table.ts";
import { type Caller, deployedCallers } from "./signed-caller.ts";

type RecoveryPoint = { RecoveryPointArn: string; Status: string; CreationDate: number };
type RestoreJob = { Status: string; StatusMessage?: string };

/** All members of a list of AWS Backup, which answers in pages. */
export async function listAll<Member>(backup: Caller, path: string, list: string) {
  const found: Member[] = [];
  for (let token: string | undefined = ""; token !== undefined; ) {
    const query = { maxResults: "1000", ...(token !== "" && { nextToken: token }) };
    const page = JSON.parse(await backup("GET", path, query));
    found.push(...(page[list] as Member[]));
    token = page.NextToken || undefined;
  }
  return found;
}

/**
 * The newest completed backup in a vault, or the newest one from before a time; rejects if there is
 * none. A copy has the time of its original.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListRecoveryPointsByBackupVault.html
 */
async function findNewest(
  backup: Caller,
  vault: string,
  before: Date | undefined,
): Promise<RecoveryPoint> {
  const end = before === undefined ? Number.POSITIVE_INFINITY : before.getTime() / 1000;
  const path = `/backup-vaults/${vault}/recovery-points/`;
  const [newest] = (await listAll<RecoveryPoint>(backup, path, "RecoveryPoints"))
    .filter(({ Status, CreationDate }) => Status === "COMPLETED" && CreationDate < end)
    .sort((a, b) => b.CreationDate - a.CreationDate);
  if (newest !== undefined) return newest;
  const when = before === undefined ? "" : ` from before ${before.toISOString()}`;
  throw new Error(`The vault ${vault} has no completed backup${when}`);
}

/**
 * Restores the newest backup in the stage's vault, or the newest one from before a time, as the
 * table `targetTableName`, with the role from the stage's stack. Returns when the backup was made.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
 */
export async function restoreBackup(
  stage: { name: string; region?: string },
  before: Date | undefined,
  targetTableName: string,
  everyMilliseconds: number,
): Promise<Date> {
  const { region } = stage;
  const backup = (await deployedCallers({ region }))("backup");
  const { RecoveryPointArn, CreationDate } = await findNewest(backup, vaultName(stage), before);
  const [, partition, , , account] = RecoveryPointArn.split(":");
  const request = {
    RecoveryPointArn,
    IamRoleArn: `arn:${partition}:iam::${account}:role/${restoreRoleName(stage)}`,
    Metadata: { targetTableName, encryptionType: "Default" },
    IdempotencyToken: targetTableName,
    ResourceType: "DynamoDB",
  };
  const json = { "content-type": "application/json" };
  // Repeated with the same token, the call starts no second job.
  const started = await pollStatus(everyMilliseconds, () =>
    backup("PUT", "/restore-jobs", {}, JSON.stringify(request), json),
  );
  const { RestoreJobId } = JSON.parse(started) as { RestoreJobId: string };
  for (;;) {
    const seen = await pollStatus(everyMilliseconds, () =>
      backup("GET", `/restore-jobs/${RestoreJobId}`),
    );
    const job = JSON.parse(seen) as RestoreJob;
    if (job.Status === "COMPLETED") return new Date(CreationDate * 1000);
    if (job.Status !== "PENDING" && job.Status !== "RUNNING")
      throw new Error(`The restore of ${RecoveryPointArn}: ${job.Status}, ${job.StatusMessage}`);
    await pause(everyMilliseconds);
  }
}
