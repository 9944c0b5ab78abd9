import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { networkInterfaces } from "node:os";

/** The most addresses that are shown: a machine with many networks has many. */
const addressesMax = 2;

/** Whether a host to listen on means all addresses of this machine. */
export const isAnyHost = (host: string): boolean => host === "0.0.0.0" || host === "::";

/**
 * The hosts of URLs by which other machines reach a server on this address: for all addresses, the
 * IPv4 addresses of this machine on its networks, possibly none.
 */
export function reachableHosts(host: string): string[] {
  if (!isAnyHost(host)) return [host.includes(":") ? `[${host}]` : host];
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const others = all.filter(({ family, internal }) => family === "IPv4" && !internal);
  return others.map(({ address }) => address).slice(0, addressesMax);
}

/**
 * Makes a server listen; resolves with its port, which the system chooses for 0. Rejects with the
 * system's error.
 */
export async function listen(server: Server, port = 0, host = "127.0.0.1"): Promise<number> {
  await once(server.listen(port, host), "listening");
  return (server.address() as AddressInfo).port;
}
