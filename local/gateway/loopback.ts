import { isIP } from "node:net";

/**
 * Whether a host name or an address is certainly this machine; `localhost` resolves by RFC 6761.
 */
export function isLoopback(name: string | undefined): boolean {
  if (name === undefined) return false;
  const address = bare(name);
  if (isIP(address) === 4) return address.startsWith("127.");
  return address === "::1" || /^([\w.-]+\.)?localhost$/.test(address);
}

/** The host of an origin or URL; undefined for other text, such as `null`. */
export function nameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/**
 * The caller's Host header, with its port, if it is this machine's: a name or address that can be
 * no other, or the address at which the call arrived. Undefined for any other, which API Gateway
 * would not answer at all.
 */
export function ownHostOf(named: string | undefined, ownIp = ""): string | undefined {
  const url = `http://${named}`;
  if (named === undefined || !URL.canParse(url)) return undefined;
  const { host, hostname } = new URL(url);
  return isLoopback(hostname) || bare(hostname) === bare(ownIp) ? host : undefined;
}

/** An address without a URL's brackets, and in IPv4 form if it is a mapped one. */
const bare = (address: string) => address.replace(/^\[|\]$/g, "").replace(/^::ffff:/, "");
