import { type Domain, edgeRegion, relayHostOf } from "../../lib/stages/domain.ts";
import type { RelaySettings } from "../../lib/stages/relay.ts";
import { serviceCaller, signedCaller } from "../aws/signed-caller.ts";
import { type AwsAccount, type Finding, runCheck } from "./finding.ts";

type Named = { domain?: Domain; relay?: RelaySettings };

/**
 * Problems in ACM and Route 53 that would keep CloudFront from serving a stage's domain, and its
 * relay from accepting sockets.
 */
export async function checkDomain(aws: AwsAccount, { domain, relay }: Named): Promise<Finding[]> {
  if (domain === undefined) return [];
  const { name, certificate } = domain;
  const wanted = [
    { of: "domain", name, certificate, region: edgeRegion },
    ...(relay ? [{ of: "relay", name: relayHostOf(domain), ...relay, region: aws.region }] : []),
  ];
  const found = await Promise.all([
    ...wanted.map((one) =>
      runCheck(`the ${one.of}'s certificate`, "acm:DescribeCertificate", () =>
        findCertificate(aws, one),
      ),
    ),
    runCheck("the domain's hosted zone", "route53:GetHostedZone", () => findZone(aws, domain)),
  ]);
  return found.flat();
}

type Certificate = { Status: string; DomainName: string; SubjectAlternativeNames?: string[] };

/** A certificate in the stage's settings, and its purpose. */
type Wanted = { of: string; name: string; certificate?: string | undefined; region: string };

/** Whether the certificate exists, is issued, and covers the name. */
async function findCertificate(aws: AwsAccount, wanted: Wanted): Promise<Finding[]> {
  const { of, name, certificate, region: there } = wanted;
  const [, region, account] = /^arn:[\w-]+:acm:([\w-]+):(\d+):/.exec(certificate ?? "") ?? [];
  // A certificate of another region is a finding without a call.
  if (certificate === undefined || region !== there) return [];
  const fix = `Request one for ${name} in ACM in ${there} and set it, or set only the hosted zone`;
  if (account !== aws.account)
    return [{ says: `${of}.certificate belongs to account ${account}, not ${aws.account}`, fix }];
  const described = await describe({ ...aws, region: there }, certificate);
  if (described === "missing")
    return [{ says: `${of}.certificate does not exist in ${there}: ${certificate}`, fix }];
  const { Status, DomainName, SubjectAlternativeNames = [] } = described;
  const findings: Finding[] = [];
  if (Status !== "ISSUED")
    findings.push({
      says: `${of}.certificate is not issued: ${Status}`,
      fix:
        Status === "PENDING_VALIDATION" ? "Create the CNAME record that ACM shows, then wait" : fix,
    });
  const names = [DomainName, ...SubjectAlternativeNames];
  if (!names.some((covered) => covers(covered, name)))
    findings.push({
      says: `${of}.certificate is for ${[...new Set(names)].join(", ")}, not ${name}`,
      fix,
    });
  return findings;
}

/** Whether a certificate's name covers a host: equal, or `*` for the first label (RFC 6125). */
function covers(covered: string, host: string): boolean {
  if (!covered.startsWith("*.")) return covered === host;
  return host.slice(host.indexOf(".")) === covered.slice(1);
}

/**
 * A certificate as ACM describes it.
 * https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
 */
async function describe(aws: AwsAccount, arn: string): Promise<Certificate | "missing"> {
  const call = serviceCaller(aws, "acm");
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "CertificateManager.DescribeCertificate",
  };
  try {
    const body = JSON.stringify({ CertificateArn: arn });
    const answer = await call("POST", "/", {}, body, headers);
    return (JSON.parse(answer) as { Certificate: Certificate }).Certificate;
  } catch (error) {
    if (/ResourceNotFoundException|InvalidArnException/.test((error as Error).message))
      return "missing";
    throw error;
  }
}

/** Whether the hosted zone exists, is public, and has the expected name. */
async function findZone(aws: AwsAccount, { zone }: Domain): Promise<Finding[]> {
  if (zone === undefined) return [];
  const fix = "The id and name of a public hosted zone of this account: Route 53, Hosted zones";
  const described = await describeZone(aws, zone.id);
  if (described === "missing")
    return [{ says: `Route 53 has no hosted zone ${zone.id} (\`domain\`)`, fix }];
  const findings: Finding[] = [];
  if (described.name !== zone.name)
    findings.push({
      says: `The hosted zone ${zone.id} is ${described.name}, not ${zone.name}`,
      fix,
    });
  if (described.isPrivate)
    findings.push({
      says: `The hosted zone ${zone.id} is private, so the internet cannot resolve its names`,
      fix,
    });
  return findings;
}

/**
 * A zone as Route 53 describes it; the service is global and responds in XML.
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
 */
async function describeZone({ credentials }: AwsAccount, id: string) {
  const base = process.env.AWS_ENDPOINT_URL || "https://route53.amazonaws.com";
  const call = signedCaller({ region: edgeRegion, credentials }, "route53", base);
  try {
    const text = await call("GET", `/2013-04-01/hostedzone/${encodeURIComponent(id)}`);
    const [, name = ""] = /<HostedZone>.*?<Name>([^<]*)<\/Name>/s.exec(text) ?? [];
    const isPrivate = /<PrivateZone>true<\/PrivateZone>/.test(text);
    return { name: name.replace(/\.$/, ""), isPrivate };
  } catch (error) {
    if (/NoSuchHostedZone|InvalidInput/.test((error as Error).message)) return "missing";
    throw error;
  }
}
