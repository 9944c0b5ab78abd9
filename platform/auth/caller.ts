import type { ProfileClaims } from "../../domain/people/user.ts";
import { refuse } from "../../domain/refusal.ts";

/** A role that a token's groups claim can give. Moderators are named per stream instead. */
export type Role = "admin" | "service";

/** Required callers: `optional` accepts anonymous calls, but refuses an invalid token. */
export type CallerKind = "anyone" | "optional" | "user" | "service" | "admin";

/** The caller: the subject of a verified token, whose times are in seconds since 1970. */
export type Caller = {
  userId: string;
  roles: readonly Role[];
  claims: ProfileClaims;
  expiresAt: number;
  issuedAt: number;
  tokenId: string;
  /** The only stream that a socket may use, if it was opened for one. */
  streamId?: string;
  /** The host whose newest live stream a socket shows. */
  channelOf?: string;
  /** The name under which limits count the socket, if not the user's. */
  countedAs?: string;
  /** Whether a ticket opened the socket: its client has no token to open another one with. */
  isByTicket?: boolean;
};

/**
 * The authorizer's context: API Gateway passes only text. The names are short because the whole
 * context travels with every request.
 */
type CallerContext = {
  sub: string;
  roles: string;
  claims: string;
  exp: string;
  iat: string;
  jti: string;
  stream?: string;
  channel?: string;
  counted?: string;
  ticket?: string;
};

export const contextOf = (caller: Caller): CallerContext => ({
  sub: caller.userId,
  roles: caller.roles.join(" "),
  claims: JSON.stringify(caller.claims),
  exp: String(caller.expiresAt),
  iat: String(caller.issuedAt),
  jti: caller.tokenId,
  ...(caller.streamId !== undefined && { stream: caller.streamId }),
  ...(caller.channelOf !== undefined && { channel: caller.channelOf }),
  ...(caller.countedAs !== undefined && { counted: caller.countedAs }),
  ...(caller.isByTicket && { ticket: "used" }),
});

/** Reads the authorizer's context; undefined for an anonymous call. */
export function callerOf(context: Record<string, unknown> | null | undefined): Caller | undefined {
  if (typeof context?.sub !== "string" || context.sub === "") return undefined;
  return {
    userId: context.sub,
    roles: String(context.roles ?? "")
      .split(" ")
      .filter((role) => role !== "") as Role[],
    claims: JSON.parse(String(context.claims ?? "{}")),
    expiresAt: Number(context.exp),
    issuedAt: Number(context.iat ?? 0),
    tokenId: String(context.jti ?? ""),
    ...(typeof context.stream === "string" && { streamId: context.stream }),
    ...(typeof context.channel === "string" && { channelOf: context.channel }),
    ...(typeof context.counted === "string" && { countedAs: context.counted }),
    ...(context.ticket !== undefined && { isByTicket: true }),
  };
}

/** The name under which the caller's messages and sockets are counted. */
export const countedName = (of: { userId: string; countedAs?: string | undefined }): string =>
  of.countedAs ?? of.userId;

/**
 * Refuses a caller whose token has expired: a call or the authorizer's cache may outlive it.
 */
export function assertCurrent({ expiresAt }: Pick<Caller, "expiresAt">, now: Date): void {
  if (expiresAt * 1000 <= now.getTime()) refuse("token_invalid");
}

/** An admin may do what a service may. */
export const hasRole = (caller: Caller, role: Role) =>
  caller.roles.includes(role) || caller.roles.includes("admin");

/**
 * Identifies the caller of an endpoint for these callers. The authorizer's cache outlives a token,
 * so `exp` is checked here. Refuses with `token_invalid`.
 */
export function identify(
  wanted: CallerKind,
  context: Record<string, unknown> | null | undefined,
  now: Date,
): Caller | undefined {
  if (wanted === "anyone") return undefined;
  const caller = callerOf(context);
  if (caller === undefined && wanted === "optional") return undefined;
  if (caller === undefined) refuse("token_invalid");
  assertCurrent(caller, now);
  return caller;
}

/** Refuses a caller without a role that a contract asks for, with `role_missing`. */
export function assertRole(caller: Caller, wanted: CallerKind): void {
  if ((wanted === "admin" || wanted === "service") && !hasRole(caller, wanted))
    refuse("role_missing", { role: wanted });
}
