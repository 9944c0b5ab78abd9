import type { Stage } from "../../lib/stages/stages.ts";
import { type Caller, serviceCaller } from "../aws/signed-caller.ts";
import { type AwsAccount, type Finding, runCheck } from "./finding.ts";

/**
 * Problems that would keep the stage's user pool from sending mail: Cognito refuses a sender whose
 * domain is not verified in SES, and a sandboxed account can send only to verified addresses.
 * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html
 */
export async function checkMailSender(aws: AwsAccount, stage: Stage): Promise<Finding[]> {
  const { mailFrom, issuer } = stage;
  if (mailFrom === undefined || issuer !== undefined) return [];
  const call = serviceCaller(aws, "ses", "email");
  const found = await Promise.all([
    runCheck("the pool's sender", "ses:GetEmailIdentity", () => findSender(call, aws, mailFrom)),
    runCheck("SES's sandbox", "ses:GetAccount", () => findSandbox(call, aws, stage)),
  ]);
  return found.flat();
}

async function findSender(
  call: Caller,
  { region }: AwsAccount,
  mailFrom: string,
): Promise<Finding[]> {
  const domain = mailFrom.split("@").at(-1)!;
  const fix = `Verify ${domain} in SES, in ${region}; or leave \`mailFrom\` out in lib/stages/stages.ts`;
  const identity = await ask(call, `/v2/email/identities/${encodeURIComponent(domain)}`);
  if (identity === "missing")
    return [{ says: `SES in ${region} has no identity ${domain} (\`mailFrom\`)`, fix }];
  if (identity.VerifiedForSendingStatus === true) return [];
  return [{ says: `${domain} is not verified in SES in ${region}`, fix }];
}

async function findSandbox(call: Caller, { region }: AwsAccount, stage: Stage): Promise<Finding[]> {
  if (!stage.keepData) return [];
  const account = await ask(call, "/v2/email/account");
  if (account !== "missing" && account.ProductionAccessEnabled !== false) return [];
  return [
    {
      says: `SES in ${region} is in the sandbox: it sends only to verified addresses`,
      fix: "SES, Account dashboard: request production access",
    },
  ];
}

/** SES's response; "missing" if the resource does not exist. */
async function ask(call: Caller, path: string) {
  try {
    return JSON.parse(await call("GET", path)) as Record<string, unknown>;
  } catch (error) {
    if ((error as { status?: number }).status === 404) return "missing";
    throw error;
  }
}
