/** `gifts/create` → `gifts-create`: the folder of its bundle and the end of its function's name. */
export const flatName = (name: string) => name.replaceAll("/", "-");

/** `gifts/create` of the stage dev is the function `ovation-dev-gifts-create`. */
export const functionName = (stage: string, name: string) => `ovation-${stage}-${flatName(name)}`;

/**
 * The CDK context flag for bundles that are built concurrently and written into the assembly by the
 * build: into existing folders, which CDK names by a hash of `flatName`.
 */
export const separateBundlesFlag = "ovation:bundles-apart";

/** The table of a stage: that of its stack, or a restored one. */
export const tableName = ({ name, restored }: { name: string; restored?: { table: string } }) =>
  restored?.table ?? `ovation-${name}`;

/** The names of tables that were restored for a stage: its own table's, a hyphen and more. */
export const restoredNames = ({ name }: { name: string }) => `ovation-${name}-*`;

/** The names of all tables of a stage: its own and restored ones. */
export const tableNames = (stage: { name: string }) => [
  tableName({ name: stage.name }),
  restoredNames(stage),
];

/** A REST API of a stage, in metrics too. */
export const apiName = (stage: string, name: string) => `ovation-${stage}-${name}`;

/** The log group of a stage with this name. */
export const logName = (stage: string, name: string) => `/ovation/${stage}/${name}`;

/** The relay's cluster and service, in metrics too. */
export const relayNames = (stage: string) => ({
  cluster: `ovation-${stage}`,
  service: `ovation-${stage}-relay`,
});

/** The secret with which CloudFront authenticates itself to the APIs. */
export const edgeKeyName = (stage: string) => `ovation/${stage}/edge`;

/** The parameters with a stage's issuer of tokens. */
export const issuerParameters = (stage: string) => ({
  issuer: `/ovation/${stage}/issuer`,
  audience: `/ovation/${stage}/audience`,
  jwks: `/ovation/${stage}/jwks`,
});

/** The firewall in front of a stage's domain, in metrics too. */
export const hostFirewallName = (stage: string) => `ovation-${stage}-host`;

/** The stage's vault of backups. */
export const vaultName = ({ name }: { name: string }) => `ovation-${name}`;

/** The role with which AWS Backup restores a backup of the stage (`npm run restore`). */
export const restoreRoleName = ({ name }: { name: string }) => `ovation-${name}-restore`;

/** The vault in `backupCopy`; `unreadable` if it is not a vault's ARN. */
export function backupCopyOf({ backupCopy }: { backupCopy?: string }) {
  if (backupCopy === undefined) return undefined;
  const arn = /^arn:aws[\w-]*:backup:([a-z0-9-]+):(\d{12}):backup-vault:([\w-]{2,50})$/;
  const [, region, account, name] = arn.exec(backupCopy) ?? [];
  return region && account && name ? { region, account, name } : "unreadable";
}
