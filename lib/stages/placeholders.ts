import { demoSdkAppId, type Stage } from "./stages.ts";

/** A placeholder host: in the domain `example`, or one with that name (RFC 2606). */
const placeholder = /[.@/]example(\.(com|net|org))?(?![\w.-])/;

/**
 * A line for each placeholder in a stage: with them its web clients would be refused and its alarms
 * would reach nobody. Only a stage that keeps data needs values of its own for everything else.
 */
export function placeholdersOf(stage: Stage): string[] {
  const { origins, alarmsAddress = "", defaultPicture, defaultThumbnail } = stage;
  const texts = { origins: origins.join(), alarmsAddress };
  if (stage.keepData) Object.assign(texts, { defaultPicture, defaultThumbnail });
  if (stage.domain !== undefined) Object.assign(texts, { domain: stage.domain.name });
  // An external issuer signs users in and sends their mails.
  const ofPool = { consoleUrls: stage.consoleUrls.join(), mailFrom: stage.mailFrom ?? "" };
  const found = Object.entries(stage.issuer === undefined ? { ...texts, ...ofPool } : texts).filter(
    ([, value]) => placeholder.test(value),
  );
  if (stage.keepData) found.push(...missingFrom(stage));
  return found.map(([name, value]) => `${stage.name}: ${name} is still ${value}`);
}

/** What a stage that keeps data has not set, and what stands in for it. */
function missingFrom(stage: Stage): [string, string][] {
  const found: [string, string][] = [];
  if (!stage.alarmsAddress) found.push(["alarmsAddress", "nobody"]);
  if (stage.issuer === undefined && stage.mailFrom === undefined)
    found.push(["mailFrom", "Cognito's own sender, of 50 mails a day"]);
  for (const pinned of ["account", "region"] as const)
    if (stage[pinned] === undefined) found.push([pinned, "whatever the credentials name"]);
  if (stage.tencent.sdkAppId === demoSdkAppId)
    found.push(["tencent.sdkAppId", `the demo's ${demoSdkAppId}`]);
  return found;
}
