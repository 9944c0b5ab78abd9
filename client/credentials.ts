import { callWithin, type Token, type Tokens } from "./token.ts";

/** How the client authorizes its sockets. */
export type Admission = {
  /**
   * Credentials for one handshake. Rejects with the error that the application's function threw, or
   * once it has taken too long.
   */
  get(): Promise<{ query?: Record<string, string>; protocols?: string[] }>;
  /**
   * Called after the server refused the credentials or they never arrived. Returns whether others
   * can be fetched.
   */
  renew(): boolean;
  /** Whether these credentials are known to be expired or used, with no way to fetch others. */
  isOver(): boolean;
  overReason: string;
};

/**
 * A key with which an overlay reads the frames of one stream, or of the current live stream of a
 * host (`channel`: the host's id).
 */
export type OverlayKey = { key: string } & ({ streamId: string } | { channel: string });

/** Lifetime of a ticket since it was issued. */
const ticketMilliseconds = 60_000;

/** By token, sent in a subprotocol rather than in the URL, because URLs are logged. */
export const byToken = (tokens: Tokens): Admission => ({
  get: async () => ({ protocols: ["bearer", await tokens.get()] }),
  renew: tokens.renew,
  isOver: tokens.isOver,
  overReason: "The token has expired",
});

/** By ticket. Each ticket opens one socket. */
export function byTicket(ticket: Token): Admission {
  const givenAt = performance.now();
  const isFixed = typeof ticket === "string";
  return {
    get: async () => ({
      query: { ticket: isFixed ? ticket : await callWithin("ticket", ticket) },
    }),
    renew: () => !isFixed,
    isOver: () => isFixed && performance.now() - givenAt > ticketMilliseconds,
    overReason: "The ticket has been used or has expired",
  };
}

/** By overlay key, valid until it is revoked. */
export const byOverlayKey = (overlayKey: OverlayKey): Admission => ({
  get: async () => ({ query: overlayKey }),
  renew: () => false,
  isOver: () => false,
  overReason: "The overlay key is no longer good",
});
