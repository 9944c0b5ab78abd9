import { tell } from "./subscription.ts";

/** What `onState` is told. */
export type ClientState = "online" | "offline" | "ended";

/** The same, and `connecting` until the first socket is open or could not be opened. */
export type ConnectionState = "connecting" | ClientState;

/** The state of a client's connection, to be read at any time. */
export type ClientConnection = {
  readonly state: ConnectionState;
  /** Why it is offline or ended, in a sentence. */
  readonly reason: string | undefined;
  /** The server's code for that, if it gave one. */
  readonly statusCode: number | undefined;
  /** Calls the listener at each change from now on; answers how to end that. */
  onChange(listener: StateListener): () => void;
};

type StateListener = (state: ClientState, reason?: string, statusCode?: number) => void;

/** A connection's state, and how it is entered: the same state again changes nothing. */
export function keepState(onState: StateListener, report: (error: unknown) => void) {
  const listeners = new Set([onState]);
  const connection: { -readonly [Name in keyof ClientConnection]: ClientConnection[Name] } = {
    ...{ state: "connecting", reason: undefined, statusCode: undefined },
    onChange(listener) {
      // One that is given twice is two.
      const own: StateListener = (...given) => listener(...given);
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
  const enter = (state: ClientState, reason?: string, statusCode?: number) => {
    if (connection.state === state) return;
    Object.assign(connection, { state, reason, statusCode });
    for (const listener of [...listeners]) tell(report, listener, state, reason, statusCode);
  };
  return { connection: connection as ClientConnection, enter };
}
