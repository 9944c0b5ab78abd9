import type { APIGatewayProxyEvent } from "aws-lambda";
import { setting } from "../runtime/env.ts";

/** Whether this is the one-machine runner, where one host is everything and speaks no TLS. */
const isRunner = () => setting("LOCAL") === "on";

/**
 * The URL at which an API was asked, without a slash at the end: a host that the gateway knows as
 * its own, and what it has before the route's path, such as its stage. No header is looked at,
 * since callers write those. Undefined where the gateway does not vouch for the host.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
 */
export function addressOf({ resource, requestContext }: APIGatewayProxyEvent): string | undefined {
  const { domainName, path } = requestContext;
  if (domainName === undefined) return undefined;
  const before = path.endsWith(resource) ? path.slice(0, -resource.length) : "";
  return `${isRunner() ? "http" : "https"}://${domainName}${before}`;
}

/** Where the HTTP API is: at the stage's domain, else where it was asked (`addressOf`). */
export const apiAddress = (asked: string | undefined): string | undefined =>
  (isRunner() ? undefined : setting("PUBLIC_URL")) ?? asked;

/** Where the other APIs are, by the start of their paths; none where all have one host. */
export const otherAddresses = (): ReadonlyMap<string, string> =>
  isRunner() || setting("PUBLIC_URL") !== undefined ? new Map() : setting("OTHER_APIS");

/** Where sockets are: at the stage's domain, else at the host of their own API. */
export const socketAddress = (asked: string | undefined): string | undefined =>
  isRunner() ? asked : (setting("PUBLIC_URL") ?? setting("WS_ENDPOINT"));
