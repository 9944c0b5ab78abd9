import type { Stage } from "../../lib/stages/stages.ts";
import { allowDenied, type Caller, serviceCaller } from "../aws/signed-caller.ts";
import type { Finding, Place } from "./finding.ts";

/**
 * What keeps the stage's user pool from writing to people: Cognito refuses a sender whose domain SES
 * does not know, and a sandboxed account reaches nobody but addresses that it has verified.
 * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html
 */
export async function findMail(place: Place, stage: Stage): Promise<Finding[]> {
  const { mailFrom, issuer } = stage;
  if (mailFrom === undefined || issuer !== undefined) return [];
  const call = serviceCaller(place, "ses", "email");
  const domain = mailFrom.split("@").at(-1)!;
  const findings: Finding[] = [];
  const fix = `Verify ${domain} in SES, in ${place.region}; or leave \`mailFrom\` out in lib/stages/stages.ts`;
  const identity = await ask(call, `/v2/email/identities/${encodeURIComponent(domain)}`);
  if (identity === "missing")
    findings.push({ says: `SES in ${place.region} knows no ${domain}, of \`mailFrom\``, fix });
  else if (identity?.VerifiedForSendingStatus === false)
    findings.push({ says: `${domain} is not verified in SES in ${place.region}`, fix });
  const account = stage.keepData ? await ask(call, "/v2/email/account") : undefined;
  if (account !== "missing" && account?.ProductionAccessEnabled === false)
    findings.push({
      says: `SES in ${place.region} is in the sandbox: it writes to nobody but verified addresses`,
      fix: "SES, Account dashboard: request production access",
    });
  return findings;
}

/** What SES says, or that there is no such thing; undefined where it may not be read. */
async function ask(call: Caller, path: string) {
  try {
    return JSON.parse(await call("GET", path)) as Record<string, unknown>;
  } catch (error) {
    if ((error as { status?: number }).status === 404) return "missing";
    return allowDenied(error);
  }
}
