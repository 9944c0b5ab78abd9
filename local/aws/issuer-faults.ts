import { setTimeout as sleep } from "node:timers/promises";
import type { Faults } from "./faults.ts";

/** The fields of an issuer's route that faults use. */
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
 * Applies faults that name the service `issuer` to the local issuer, whose keys and other URLs
 * functions request. `silence` and `timeout` never respond, `throttle` is 429, `delay` responds
 * late, every other kind is 500.
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
