import { BlockList, isIP } from "node:net";

type Network = readonly [address: string, bits: number];

/**
 * IPv4 networks that are not part of the open Internet (IANA's special-purpose registry, RFC 6890).
 */
const special4: readonly Network[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/**
 * Only 2000::/3 of IPv6 is allocated as global unicast (RFC 4291): loopback, link-local,
 * site-local, unique local, multicast, mapped IPv4 and NAT64 are outside of it.
 */
const unicast6: Network = ["2000::", 3];

/** Networks in 2000::/3 that are not hosts of the open Internet, or contain an IPv4 address. */
const special6: readonly Network[] = [
  // IETF protocol assignments, with Teredo (2001::/32), benchmarks and ORCHID.
  ["2001::", 23],
  ["2001:db8::", 32],
  // 6to4: contains the IPv4 address of the next hop.
  ["2002::", 16],
  ["3fff::", 20],
];

function listOf(family: "ipv4" | "ipv6", networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of networks) list.addSubnet(address, bits, family);
  return list;
}

// One list per family: a combined list would match IPv4 addresses as ::ffff:a.b.c.d.
const notPublic4 = listOf("ipv4", special4);
const global6 = listOf("ipv6", [unicast6]);
const notPublic6 = listOf("ipv6", special6);

/**
 * Whether an address, in the form of a resolver or a URL, is on the open Internet. False for
 * addresses of internal networks, of this machine or of nothing, and for text that is no address.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !notPublic4.check(address);
  return family === 6 && global6.check(address, "ipv6") && !notPublic6.check(address, "ipv6");
}
