import type { APIGatewayProxyEvent } from "aws-lambda";
import { setting } from "../runtime/env.ts";

/** Whether this is the one-machine runner, where one host serves everything without TLS. */
export const isRunner = () => setting("LOCAL") === "on";

/**
 * The URL at which an API was called, without a trailing slash: a host that the gateway accepts as
 * its own, and the prefix of the route's path, such as its stage. No header is used, since callers
 * can forge them. Undefined if the gateway does not vouch for the host.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
 */
export function addressOf({ resource, requestContext }: APIGatewayProxyEvent): string | undefined {
  const { domainName, path } = requestContext;
  if (domainName === undefined) return undefined;
  const before = path.endsWith(resource) ? path.slice(0, -resource.length) : "";
  return `${isRunner() ? "http" : "https"}://${domainName}${before}`;
}

/** The address of the HTTP API: the stage's domain, or where it was called (`addressOf`). */
export const apiAddress = (requested: string | undefined): string | undefined =>
  (isRunner() ? undefined : setting("PUBLIC_URL")) ?? requested;

/** The addresses of the other APIs, by the start of their paths; none if all share one host. */
export const otherAddresses = (): ReadonlyMap<string, string> =>
  isRunner() || setting("PUBLIC_URL") !== undefined ? new Map() : setting("OTHER_APIS");

/** The address for sockets: the stage's domain, or the host of the WebSocket API. */
export const socketAddress = (requested: string | undefined): string | undefined =>
  isRunner() ? requested : (setting("PUBLIC_URL") ?? setting("WS_ENDPOINT"));
