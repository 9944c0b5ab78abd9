import type { Domain } from "./domain.ts";
import { backupCopyOf, tableName, vaultName } from "./names.ts";

/** What is one stage's alone. None of it can be taken over from another stage's row. */
export type Place = {
  /** Part of every physical name: lower-case letters and digits. */
  name: string;
  /** The account that it is deployed to, twelve digits; that of the credentials when undefined. */
  account?: string;
  /** The region that it is deployed to; that of the credentials when undefined. */
  region?: string;
  /** The one name of everything; AWS's names of each API when undefined. */
  domain?: Domain;
  /** A table that was restored, in place of the stage's own (docs/restore.md). */
  restored?: { table: string; streamArn: string };
  /** ARN of a backup vault elsewhere that gets a copy of each backup; none when undefined. */
  backupCopy?: string;
  /** Any OIDC issuer in place of the stage's own user pool; of the audiences pages are the first. */
  issuer?: { issuer: string; audience: string; jwks: string };
  /** `owner/name` on GitHub, whose workflow deploys this stage; nobody's when undefined. */
  repository?: string;
};

/** Something that only one stage may have: what it is, its name, and where that name counts. */
type Claim = { what: string; name: string; account?: string; region?: string };

function claimsOf(place: Place): Claim[] {
  const { account, region, domain, restored } = place;
  const here = { ...(account && { account }), ...(region && { region }) };
  const copy = backupCopyOf(place);
  // The table that a restored one replaces stays the stage's.
  const tables = new Set([tableName(place), tableName({ name: place.name })]);
  return [
    ...[...tables].map((name) => ({ what: "table", name, ...here })),
    ...(restored ? [{ what: "stream", name: restored.streamArn }] : []),
    ...(domain ? [{ what: "domain", name: domain.name }] : []),
    { what: "backup vault", name: vaultName(place), ...here },
    ...(typeof copy === "object" ? [{ what: "backup vault", ...copy }] : []),
  ];
}

/** Two names are one thing unless both stages name accounts or regions, and these differ. */
const isSame = (a: Claim, b: Claim) =>
  a.what === b.what &&
  a.name === b.name &&
  (["account", "region"] as const).every(
    (where) => a[where] === undefined || b[where] === undefined || a[where] === b[where],
  );

/**
 * Throws a sentence where a stage would take the table, stream, domain or vault of another, or read
 * the stream of another table than its own.
 */
export function assertApart(places: readonly Place[]): void {
  for (const [at, place] of places.entries()) {
    const { name, restored } = place;
    if (restored && !restored.streamArn.includes(`:table/${restored.table}/stream/`))
      throw new Error(
        `${name}: restored.streamArn is no stream of ${restored.table}: ${restored.streamArn}`,
      );
    for (const other of places.slice(at + 1))
      for (const claim of claimsOf(place))
        if (claimsOf(other).some((its) => isSame(claim, its)))
          throw new Error(
            `${name} and ${other.name} both have the ${claim.what} ${claim.name}: each stage needs ` +
              "its own, in lib/stages/stages.ts",
          );
  }
}
