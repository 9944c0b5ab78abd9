import { type Domain, edgeRegion } from "../../lib/stages/domain.ts";
import { serviceCaller, signedCaller } from "../aws/signed-caller.ts";
import { type Finding, look, type Place } from "./finding.ts";

/** What keeps CloudFront from answering under a stage's domain, as ACM and Route 53 know it. */
export async function findDomain(place: Place, domain: Domain | undefined): Promise<Finding[]> {
  if (domain === undefined) return [];
  const found = await Promise.all([
    look("the domain's certificate", "acm:DescribeCertificate", () =>
      findCertificate(place, domain),
    ),
    look("the domain's hosted zone", "route53:GetHostedZone", () => findZone(place, domain)),
  ]);
  return found.flat();
}

type Certificate = { Status: string; DomainName: string; SubjectAlternativeNames?: string[] };

/** Whether there is the certificate that is named, issued, and for the name. */
async function findCertificate(place: Place, { name, certificate }: Domain): Promise<Finding[]> {
  const [, region, account] = /^arn:[\w-]+:acm:([\w-]+):(\d+):/.exec(certificate ?? "") ?? [];
  // One of another region is a finding without anybody being asked.
  if (certificate === undefined || region !== edgeRegion) return [];
  const fix = `Ask for one for ${name} in ACM, in ${edgeRegion}, and name it; or the hosted zone alone`;
  if (account !== place.account)
    return [{ says: `domain.certificate is of account ${account}, not of ${place.account}`, fix }];
  const described = await describe(place, certificate);
  if (described === "missing")
    return [{ says: `ACM in ${edgeRegion} has no ${certificate}, of \`domain\``, fix }];
  const { Status, DomainName, SubjectAlternativeNames = [] } = described;
  const findings: Finding[] = [];
  if (Status !== "ISSUED")
    findings.push({
      says: `domain.certificate is not issued: ${Status}`,
      fix: Status === "PENDING_VALIDATION" ? "Enter the CNAME that ACM asks for, and wait" : fix,
    });
  const names = [DomainName, ...SubjectAlternativeNames];
  if (!names.some((covered) => covers(covered, name)))
    findings.push({
      says: `domain.certificate is for ${[...new Set(names)].join(", ")}, not ${name}`,
      fix,
    });
  return findings;
}

/** Whether a name of a certificate is a host's: the same, or `*` for its first label (RFC 6125). */
function covers(covered: string, host: string): boolean {
  if (!covered.startsWith("*.")) return covered === host;
  return host.slice(host.indexOf(".")) === covered.slice(1);
}

/**
 * What ACM says of a certificate.
 * https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
 */
async function describe(place: Place, arn: string): Promise<Certificate | "missing"> {
  const call = serviceCaller({ ...place, region: edgeRegion }, "acm");
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

/** Whether there is the hosted zone that is named, for everybody, and of the name that it has. */
async function findZone(place: Place, { zone }: Domain): Promise<Finding[]> {
  if (zone === undefined) return [];
  const fix = "The id and name of a public hosted zone of this account: Route 53, Hosted zones";
  const described = await describeZone(place, zone.id);
  if (described === "missing")
    return [{ says: `Route 53 has no hosted zone ${zone.id}, of \`domain\``, fix }];
  const findings: Finding[] = [];
  if (described.name !== zone.name)
    findings.push({
      says: `The hosted zone ${zone.id} is ${described.name}, not ${zone.name}`,
      fix,
    });
  if (described.isPrivate)
    findings.push({ says: `The hosted zone ${zone.id} is private: nobody outside asks it`, fix });
  return findings;
}

/**
 * What Route 53 says of a zone; it is one service for all regions and answers in XML.
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
 */
async function describeZone({ credentials }: Place, id: string) {
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
