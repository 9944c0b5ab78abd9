import { methodAndPath, unitsOf } from "../../platform/http/contract.ts";
import { catchAll, rowsOf } from "../stages/route-table.ts";

/**
 * Matches possible tokens: `Bearer` and the form of a JWT (RFC 7519), in lower case. Calls with any
 * other header count as anonymous.
 */
export const tokenPattern = String.raw`^bearer ey[\w-]{8,}\.ey[\w-]{8,}\.[\w-]{16,}$`;

/** Tencent's APIs, whose callers have no such token; the gateway limits each command. */
export const tencentPattern = "^/(v4|tencent)/";

/** Public routes that cost more than a unit, by the end of their path. */
export function dearPublicPattern(): string {
  const paths = rowsOf("endpoint").flatMap(({ contract }) => {
    const isPublic = contract.caller === "anyone" || contract.caller === "optional";
    const path = methodAndPath(contract)[1];
    if (!isPublic || path === catchAll || unitsOf(contract.cost) === 1) return [];
    return [path.replaceAll(".", String.raw`\.`).replace(/\{\w+\}/g, "[^/]+")];
  });
  return `(${[...new Set(paths)].join("|")})$`;
}
