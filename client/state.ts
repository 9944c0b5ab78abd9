import { runCallback } from "./subscription.ts";

/** The state passed to `onState`. */
export type ClientState = "online" | "offline" | "ended";

/** `ClientState`, or `connecting` until the first socket opens or fails to open. */
export type ConnectionState = "connecting" | ClientState;

/** The current state of a client's connection. */
export type ClientConnection = {
  readonly state: ConnectionState;
  /** Why it is offline or ended, as a sentence. */
  readonly reason: string | undefined;
  /** The server's code for it, if any. */
  readonly statusCode: number | undefined;
  /** Calls the listener on each change from now on; returns a function that removes it. */
  onChange(listener: StateListener): () => void;
};

type StateListener = (state: ClientState, reason?: string, statusCode?: number) => void;

/** Holds a connection's state. Entering the current state again changes nothing. */
export function createConnectionState(onState: StateListener, report: (error: unknown) => void) {
  const listeners = new Set([onState]);
  const connection: { -readonly [Name in keyof ClientConnection]: ClientConnection[Name] } = {
    state: "connecting",
    reason: undefined,
    statusCode: undefined,
    onChange(listener) {
      // A listener that is added twice is called twice.
      const own: StateListener = (...given) => listener(...given);
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
  const enter = (state: ClientState, reason?: string, statusCode?: number) => {
    if (connection.state === state) return;
    Object.assign(connection, { state, reason, statusCode });
    for (const listener of [...listeners]) runCallback(report, listener, state, reason, statusCode);
  };
  return { connection: connection as ClientConnection, enter };
}
