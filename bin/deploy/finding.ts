import { isDenied } from "../aws/signed-caller.ts";

/**
 * A problem that would make a deployment fail, and its fix. What could not be asked `isUnknown`: it
 * is said, and keeps nobody from deploying.
 */
export type Finding = { says: string; fix: string; isUnknown?: true };

/** Where the account is asked: with these credentials, in this region. */
export type Place = {
  region: string;
  account: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
};

/** What an error of AWS calls itself, and its first line. */
function firstLineOf(error: unknown): string {
  const { name, message } = error as Error;
  const [line = ""] = message.split("\n");
  return name === "Error" || line.includes(name) ? line : `${name}: ${line}`;
}

/**
 * What one check finds. Where AWS does not answer it, `what` is unknown, and all other checks go on.
 * @param action what the credentials have to be allowed for it.
 */
export async function look(
  what: string,
  action: string,
  check: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const fix = isDenied(error)
      ? `Allow ${action} (docs/deploying.md, deployment rights), or look at it in AWS's console`
      : "Deploy again later, or look at it in AWS's console";
    return [{ says: `Not known: ${what}. AWS says: ${firstLineOf(error)}`, fix, isUnknown: true }];
  }
}
