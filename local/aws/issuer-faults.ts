import { setTimeout as sleep } from "node:timers/promises";
import type { Faults } from "./faults.ts";

/** A route of the local issuer, as far as a fault looks at it. */
type Route<Request> = {
  path: string;
  handler(request: Request): Answer | Promise<Answer>;
};
type Answer = { status: number; body?: unknown };

/** Operations of faults, by the end of a route's path. */
const operations: Record<string, string> = {
  "/jwks.json": "GetKeys",
  "/openid-configuration": "GetConfiguration",
  "/token": "RedeemCode",
};

const issuerPath = "/local/issuer/";

/**
 * Lets faults strike the local issuer, of which functions ask its keys and its addresses: those
 * that name the service `issuer`. `silence` and `timeout` never answer, `throttle` is 429, `delay`
 * answers late, every other kind is 500.
 */
export function withIssuerFaults<Request, Own extends Route<Request>>(
  routes: readonly Own[],
  faults: Faults,
): Own[] {
  return routes.map((route) => {
    if (!route.path.startsWith(issuerPath)) return route;
    const [, operation = "Ask"] =
      Object.entries(operations).find(([end]) => route.path.endsWith(end)) ?? [];
    const target = { caller: "", service: "issuer", operation, keys: () => [] };
    const handler = async (request: Request): Promise<Answer> => {
      const fault = faults.find({ ...target, onlyNamed: true });
      if (fault === undefined) return route.handler(request);
      if (/^(silence|timeout)/.test(fault.kind)) return new Promise(() => {});
      if (fault.kind === "throttle") return { status: 429 };
      if (fault.kind !== "delay") return { status: 500 };
      await sleep(fault.delayMilliseconds);
      return route.handler(request);
    };
    return { ...route, handler };
  });
}
