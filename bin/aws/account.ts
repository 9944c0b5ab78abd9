/** The AWS account that a command works in. */
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Stage } from "../../lib/stages/stages.ts";
import { openClient } from "../../platform/aws/aws-client.ts";

/** The timeout of a try, short because a person waits for the result. */
const tryMilliseconds = 10_000;

type Where = { region?: string | undefined; profile?: string | undefined };

/**
 * The credentials of the environment or of a profile, and their account. Rejects with the SDK's
 * error without credentials or a region, or if AWS refuses them or does not respond.
 */
export async function findCaller(where: Where) {
  const sts = openClient(STSClient, { tryMilliseconds, ...where });
  const { Account: account = "" } = await sts.send(new GetCallerIdentityCommand({}));
  return { account, credentials: await sts.config.credentials() };
}

type Owned = Pick<Stage, "name" | "account" | "region">;

/** A sentence if a stage names its account and `found` is another one; undefined otherwise. */
export const accountProblemOf = ({ name, account }: Owned, found: string): string | undefined =>
  account === undefined || account === found
    ? undefined
    : `The credentials belong to account ${found}, ${name} to ${account}`;

/** The credentials belong to another account than the stage. */
export class AccountMismatch extends Error {}

/**
 * Rejects with `AccountMismatch` if a stage names its account and the credentials belong to another
 * one, which may have a stage of the same name. A stage without an account costs no call.
 */
export async function assertAccount(stage: Owned, profile?: string): Promise<void> {
  if (stage.account === undefined) return;
  const { account } = await findCaller({ region: stage.region, profile });
  const problem = accountProblemOf(stage, account);
  if (problem !== undefined) throw new AccountMismatch(problem);
}
