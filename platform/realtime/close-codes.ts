/** Why a connection is closed; the code determines what its client does next. */
export type CloseReason = { code: number; reason: string };

/**
 * The close codes. Clients reconnect after codes below 4500 (after 4429: in a minute), and do not
 * reconnect after the others.
 */
export const closeReasons = {
  /** The client reconnects with a new token. */
  tokenExpired: { code: 4401, reason: "The token has expired" },
  /** A relay shuts down: another one takes over. */
  relayStops: { code: 4410, reason: "Reconnect at once" },
  rateLimited: { code: 4429, reason: "Too many messages" },
  sessionEnded: { code: 4503, reason: "The session was ended" },
  overlayKeyRevoked: { code: 4504, reason: "The overlay key was revoked" },
} as const satisfies Record<string, CloseReason>;
