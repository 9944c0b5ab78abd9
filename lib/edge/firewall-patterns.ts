import { methodAndPath, unitsOf } from "../../platform/http/contract.ts";
import { catchAll, rowsOf } from "../stages/route-table.ts";

/**
 * What may be a token: `Bearer` and a JWT by its form (RFC 7519), in lower case. Any other header
 * makes a call no less anonymous.
 */
export const tokenPattern = String.raw`^bearer ey[\w-]{8,}\.ey[\w-]{8,}\.[\w-]{16,}$`;

/** Tencent's APIs, whose callers have no such token; the gateway limits each command. */
export const tencentPattern = "^/(v4|tencent)/";

/** Routes that need no token and cost more than a unit, by the end of their path. */
export function dearPublicPattern(): string {
  const paths = rowsOf("endpoint").flatMap(({ contract }) => {
    const isPublic = contract.caller === "anyone" || contract.caller === "optional";
    const path = methodAndPath(contract)[1];
    if (!isPublic || path === catchAll || unitsOf(contract.cost) === 1) return [];
    return [path.replaceAll(".", String.raw`\.`).replace(/\{\w+\}/g, "[^/]+")];
  });
  return `(${[...new Set(paths)].join("|")})$`;
}
