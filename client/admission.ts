import type { Token, Tokens } from "./token.ts";

/** What lets a socket in. */
export type Admission = {
  /** What its function is called where errors name it. */
  name: string;
  /** What a handshake carries. Rejects with what the application's function threw. */
  get(): Promise<{ query?: Record<string, string>; protocols?: string[] }>;
  /** The server did not take it, or it never came. Answers whether there can be another. */
  renew(): boolean;
  /** Whether it cannot be of use any more, as far as this side can tell. */
  isOver(): boolean;
  overReason: string;
};

/**
 * A key with which an overlay reads the frames of one stream, or of whichever stream of a host is
 * live (`channel`: the host's id).
 */
export type OverlayKey = { key: string } & ({ streamId: string } | { channel: string });

/** As long as a ticket lives from its making. */
const ticketMilliseconds = 60_000;

/** By a token, sent next to the address rather than in it: addresses are written into logs. */
export const byToken = (tokens: Tokens): Admission => ({
  name: "token()",
  get: async () => ({ protocols: ["bearer", await tokens.get()] }),
  renew: tokens.renew,
  isOver: tokens.isOver,
  overReason: "The token has expired",
});

/** By a ticket, of which each opens one socket. */
export function byTicket(ticket: Token): Admission {
  const givenAt = performance.now();
  const isFixed = typeof ticket === "string";
  return {
    name: "ticket()",
    get: async () => ({ query: { ticket: isFixed ? ticket : await ticket() } }),
    renew: () => !isFixed,
    isOver: () => isFixed && performance.now() - givenAt > ticketMilliseconds,
    overReason: "The ticket has been used or has expired",
  };
}

/** By an overlay key, which is good until it is revoked. */
export const byOverlayKey = (overlayKey: OverlayKey): Admission => ({
  name: "overlayKey",
  get: async () => ({ query: overlayKey }),
  renew: () => false,
  isOver: () => false,
  overReason: "The overlay key is no longer good",
});
