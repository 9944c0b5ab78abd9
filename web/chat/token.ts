import type { Token } from "../../client/index.ts";

/** The user in a token and when it expires, in seconds since 1970; none if they cannot be read. */
export function claimsOf(token: Token | undefined): { sub?: string; exp?: number } {
  if (typeof token !== "string") return {};
  try {
    return JSON.parse(atob(token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? ""));
  } catch {
    return {};
  }
}
