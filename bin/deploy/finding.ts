import { isDenied } from "../aws/signed-caller.ts";

/**
 * A problem that would make a deployment fail, and its fix. `isUnknown`: the check could not run;
 * it is reported, and does not prevent the deployment.
 */
export type Finding = { says: string; fix: string; isUnknown?: true };

/** The account's credentials and region for the checks. */
export type AwsAccount = {
  region: string;
  account: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
};

/** The name of an AWS error, and its first line. */
function firstLineOf(error: unknown): string {
  const { name, message } = error as Error;
  const [line = ""] = message.split("\n");
  return name === "Error" || line.includes(name) ? line : `${name}: ${line}`;
}

/**
 * Runs one check. If AWS does not answer, the check's result is unknown, and the other checks
 * continue. @param action the permission that the check needs.
 */
export async function runCheck(
  what: string,
  action: string,
  check: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const fix = isDenied(error)
      ? `Allow ${action} (docs/deploying.md, deployment rights), or check it in the AWS console`
      : "Deploy again later, or check it in the AWS console";
    return [{ says: `Not checked: ${what}. AWS: ${firstLineOf(error)}`, fix, isUnknown: true }];
  }
}
