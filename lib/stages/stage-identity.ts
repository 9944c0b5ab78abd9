import type { Domain } from "./domain.ts";
import { backupCopyOf, tableName, vaultName } from "./names.ts";

/** Properties of a single stage. None of them can be inherited from another stage's row. */
export type StageIdentity = {
  /** Part of every physical name: lower-case letters and digits, at most 20. */
  name: string;
  /** The account of the deployment, twelve digits; that of the credentials when undefined. */
  account?: string;
  /** The region of the deployment; that of the credentials when undefined. */
  region?: string;
  /** The only host name; AWS's names of each API when undefined. */
  domain?: Domain;
  /** A restored table that replaces the stage's own (docs/restore.md). */
  restored?: { table: string; streamArn: string };
  /** ARN of a backup vault elsewhere that gets a copy of each backup; none when undefined. */
  backupCopy?: string;
  /** An OIDC issuer that replaces the stage's user pool; pages use the first audience. */
  issuer?: { issuer: string; audience: string; jwks: string };
  /**
   * `owner/name` or `owner@id/name@id` of the GitHub repository whose workflow deploys this stage;
   * none if undefined. With ids, a later owner of the name is not trusted.
   */
  repository?: string;
};

/** A name that only one stage may have: its kind, its value, and where it must be unique. */
type Claim = { what: string; name: string; account?: string; region?: string };

function claimsOf(stage: StageIdentity): Claim[] {
  const { account, region, domain, restored } = stage;
  const here = { ...(account && { account }), ...(region && { region }) };
  const copy = backupCopyOf(stage);
  // The table that a restored one replaces still belongs to the stage.
  const tables = new Set([tableName(stage), tableName({ name: stage.name })]);
  return [
    ...[...tables].map((name) => ({ what: "table", name, ...here })),
    ...(restored ? [{ what: "stream", name: restored.streamArn }] : []),
    ...(domain ? [{ what: "domain", name: domain.name }] : []),
    { what: "backup vault", name: vaultName(stage), ...here },
    ...(typeof copy === "object" ? [{ what: "backup vault", ...copy }] : []),
  ];
}

/** Equal names conflict unless both stages set accounts or regions, and these differ. */
const isSame = (a: Claim, b: Claim) =>
  a.what === b.what &&
  a.name === b.name &&
  (["account", "region"] as const).every(
    (where) => a[where] === undefined || b[where] === undefined || a[where] === b[where],
  );

/** A function's name has at most 64 characters, and `-` separates a stage's name from the rest. */
const stageName = /^[a-z0-9]{1,20}$/;

/** The repository's name becomes part of an IAM pattern, so it must not contain wildcards. */
const repositoryForm = /^[\w-]+(\/[\w.-]+|@\d+\/[\w.-]+@\d+)$/;

/**
 * Throws if a stage's name does not fit into every physical name, if its repository has another
 * form, or if the stage would use another's table, stream, domain or vault, or read the stream of a
 * table that is not its own.
 */
export function assertNoConflicts(stages: readonly StageIdentity[]): void {
  for (const [at, stage] of stages.entries()) {
    const { name, restored, repository } = stage;
    if (!stageName.test(name))
      throw new Error(
        `The name of a stage: expected up to 20 lower-case letters and digits, found '${name}'`,
      );
    if (restored && !restored.streamArn.includes(`:table/${restored.table}/stream/`))
      throw new Error(
        `${name}: restored.streamArn is no stream of ${restored.table}: ${restored.streamArn}`,
      );
    if (repository !== undefined && !repositoryForm.test(repository))
      throw new Error(
        `${name}: repository is ${repository}, expected owner/name or owner@id/name@id`,
      );
    for (const other of stages.slice(at + 1))
      for (const claim of claimsOf(stage))
        if (claimsOf(other).some((its) => isSame(claim, its)))
          throw new Error(
            `${name} and ${other.name} both have the ${claim.what} ${claim.name}: each stage needs ` +
              "its own, in lib/stages/stages.ts",
          );
  }
}
