import { type Contract, methodAndPath, unitsOf } from "../../platform/http/contract.ts";
import { catchAll, onlyRow, rowsOf } from "../stages/route-table.ts";

/**
 * Matches possible tokens: `Bearer` and the form of a JWT (RFC 7519), in lower case. Calls with any
 * other header count as anonymous.
 */
export const tokenPattern = String.raw`^bearer ey[\w-]{8,}\.ey[\w-]{8,}\.[\w-]{16,}$`;

/** Tencent's APIs, whose callers have no such token; the gateway limits each command. */
export const tencentPattern = "^/(v4|tencent)/";

/**
 * WAF's fixed quota for a regular expression, in characters.
 * https://docs.aws.amazon.com/waf/latest/developerguide/limits.html
 */
const patternMax = 200;

const anyOf = (paths: readonly string[]) => `(${paths.join("|")})$`;

/** The ends of the paths of some routes, as few regular expressions within WAF's quota. */
function endsOf(isMeant: (contract: Contract) => boolean): string[] {
  const paths = rowsOf("endpoint").flatMap(({ contract }) => {
    const path = methodAndPath(contract)[1];
    if (path === catchAll || !isMeant(contract)) return [];
    return [path.replaceAll(".", String.raw`\.`).replace(/\{\w+\}/g, "[^/]+")];
  });
  const groups: string[][] = [];
  for (const path of new Set(paths)) {
    const group = groups.at(-1);
    if (group && anyOf([...group, path]).length <= patternMax) group.push(path);
    else groups.push([path]);
  }
  return groups.map(anyOf);
}

const isExpensive = ({ cost }: Contract) => unitsOf(cost) > 1;

/** Public routes that cost more than a unit. */
export const expensivePublicPatterns = () =>
  endsOf((contract) => /^(anyone|optional)$/.test(contract.caller) && isExpensive(contract));

/** Cheap routes that verify no token: a token in their header does not identify a caller. */
export const uncheckedPatterns = () =>
  endsOf((contract) => contract.caller === "anyone" && !isExpensive(contract));

/** Routes that take files, whose bodies have megabytes. */
export const uploadPatterns = () =>
  endsOf(({ form, formOnly }) => (form ?? formOnly) !== undefined);

/**
 * Stored pictures by their cost, which is mostly that of their bytes. To be matched with decoded
 * paths, since the function decodes them, too.
 */
export function picturePatterns() {
  const { contract } = onlyRow(rowsOf("download"), "download");
  return {
    /** All, at most 24 KB in the sizes 40 and 76. */
    all: "^/+pictures/",
    /** Stored files, and the size 480. */
    usual: "^/+pictures/+[0-9a-f]{24}([^-]|-480|$)",
    /** Stored files of more than 256 KB. */
    large: `^/+pictures/+${contract.largeNames}([^-]|$)`,
  };
}
