import { homePath } from "./page-headers.ts";

/**
 * A stage's host name. Its certificate exists already, or is created and validated in the name's
 * hosted zone, where the DNS record is created too.
 */
export type Domain = {
  /** For example `live.acme.com`; lower-case. */
  name: string;
  /** During a migration to the domain: API Gateway's own names respond too, with the same rules. */
  keepsOldNames?: true;
} & ({ certificate: string; zone?: HostedZone } | { certificate?: undefined; zone: HostedZone });

/** A public hosted zone of Route 53 in the stage's account. */
type HostedZone = { id: string; name: string };

/** The region of CloudFront's certificates and firewalls, wherever a stage is. */
export const edgeRegion = "us-east-1";

type WithPages = {
  domain?: Domain;
  origins: readonly string[];
  consoleUrls: readonly string[];
};

/** The public origin of a domain. */
export const originOf = ({ name }: Pick<Domain, "name">): string => `https://${name}`;

/** A stage whose own pages, if it has a domain, may call it and sign users in. */
export function withOwnPages<S extends WithPages>(stage: S): S {
  if (stage.domain === undefined) return stage;
  const origin = originOf(stage.domain);
  const { origins, consoleUrls } = stage;
  return {
    ...stage,
    origins: origins.includes("*") ? origins : [...new Set([...origins, origin])],
    consoleUrls: [...new Set([...consoleUrls, `${origin}${homePath}`])],
  };
}

/**
 * The host name of a stage's relay: a load balancer needs its own name, separate from CloudFront's.
 */
export const relayHostOf = ({ name }: Pick<Domain, "name">): string => `relay.${name}`;

/**
 * The WebSocket URL of a stage's relay. TLS needs a name, so a stage without a domain has a relay
 * only on one machine, which replaces this URL.
 */
export const relayUrlOf = ({ name, domain }: { name: string; domain?: Domain }): string =>
  `wss://${relayHostOf(domain ?? { name: `${name}.invalid` })}/ws`;

const hostName = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
/** The ARN of a certificate, with its region and account. */
export const certificateArn = /^arn:aws[\w-]*:acm:([a-z0-9-]+):(\d{12}):certificate\/[\w-]+$/;

/** Why CloudFront would refuse a domain, each reason with its fix. */
export function problemsOf({ name, certificate, zone }: Domain): { says: string; fix: string }[] {
  const problems = [];
  if (!hostName.test(name))
    problems.push({
      says: `domain.name: found ${name}`,
      fix: "A host's name alone and in lower case, such as live.acme.com",
    });
  const region = certificate === undefined ? edgeRegion : certificateArn.exec(certificate)?.[1];
  if (region !== edgeRegion)
    problems.push({
      says: `domain.certificate is of ${region ?? "no region"}: CloudFront takes those of ${edgeRegion}`,
      fix: `Request or import one in ${edgeRegion}, or set only the hosted zone`,
    });
  if (zone !== undefined && name !== zone.name && !name.endsWith(`.${zone.name}`))
    problems.push({
      says: `domain.zone is that of ${zone.name}, in which ${name} is not`,
      fix: "The hosted zone in which the name is",
    });
  return problems;
}
