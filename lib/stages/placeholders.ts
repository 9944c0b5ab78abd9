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
  const placeholders = found.map(([name, value]) => `${name} is still ${value}`);
  const all = stage.keepData ? [...placeholders, ...missingFrom(stage)] : placeholders;
  return all.map((line) => `${stage.name}: ${line}`);
}

/** What a stage that keeps data has not set, and what would happen without it. */
function missingFrom(stage: Stage): string[] {
  const found: string[] = [];
  if (!stage.alarmsAddress) found.push("alarmsAddress is not set: no alarm would be mailed");
  if (stage.issuer === undefined && stage.mailFrom === undefined)
    found.push("mailFrom is not set: Cognito would send at most 50 mails a day");
  for (const pinned of ["account", "region"] as const)
    if (stage[pinned] === undefined)
      found.push(`${pinned} is not set: the credentials would choose it`);
  if (stage.tencent.sdkAppId === demoSdkAppId)
    found.push(`tencent.sdkAppId is still the demo's ${demoSdkAppId}`);
  return found;
}
