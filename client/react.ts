"use client";
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type {
  ChatMessage,
  Client,
  ConnectionState,
  Event,
  Frame,
  HistoryOptions,
  PendingMessage,
  SendMessageOptions,
  Sums,
  Wallet,
} from "./index.ts";

const Shared = createContext<Client | undefined>(undefined);

/** Shares a client with the components below it; they take it by `useClient`. */
export const ClientProvider = (given: { client: Client; children?: ReactNode }): ReactElement =>
  createElement(Shared.Provider, { value: given.client }, given.children);

/** The client of the nearest `ClientProvider`; throws where there is none. */
export function useClient(): Client {
  const client = useContext(Shared);
  if (client === undefined) throw new TypeError("useClient: there is no ClientProvider above");
  return client;
}

/** Whether the client is connected; `client.connection` has the reason where it is not. */
export function useConnection({ connection }: Client): ConnectionState {
  const stateOf = () => connection.state;
  return useSyncExternalStore(connection.onChange, stateOf, stateOf);
}

type OpenMoment = ReturnType<ReturnType<Client["subscribe"]>["moments"]>[number];

/** What a component wants of a stream; a change of `limit` or `keep` counts for the next stream. */
export type StreamOptions = Pick<HistoryOptions, "limit" | "keep"> & {
  onEvent?: (event: Event, frame: Frame) => void;
};

/** A stream as a component shows it. */
export type Stream = {
  /** Oldest first; another array after each change. */
  messages: readonly ChatMessage[];
  /** The user's own that are not among them yet. */
  pending: readonly PendingMessage[];
  hasOlder: boolean;
  viewers: number;
  /** What the stream adds up: `likes`, and by the id of an open poll or goal its sum. */
  sums: Sums;
  moments: readonly OpenMoment[];
  /** The chat is there. */
  isReady: boolean;
  /** Why the chat could not be read. */
  error?: unknown;
  /** Why nothing more comes. */
  end?: { reason: string; statusCode: number | undefined; code: string | undefined };
  /** Says something, as `Subscription.send` does. Throws where there is no stream. */
  send(content: string, options?: SendMessageOptions): PendingMessage;
  /** Reads older messages, as `History.older` does. */
  older(): Promise<boolean>;
};

const nothing: Stream = {
  ...{ messages: [], pending: [], hasOlder: false, viewers: 0, isReady: false },
  ...{ sums: {}, moments: [] },
  send() {
    throw new TypeError("There is no stream yet");
  },
  older: async () => false,
};

/**
 * Follows a stream and its chat while the component is there; none while `streamId` is undefined.
 */
export function useStream(
  client: Client,
  streamId: string | undefined,
  options: StreamOptions = {},
): Stream {
  const [view, setView] = useState(nothing);
  const wish = useRef(options);
  useEffect(() => {
    wish.current = options;
  });
  useEffect(() => {
    setView(nothing);
    if (!streamId) return;
    let isHere = true;
    const set = (more: Partial<Stream>) => isHere && setView((before) => ({ ...before, ...more }));
    const stream = client.subscribe(streamId, {
      onEvent: (...given) => wish.current.onEvent?.(...given),
      onViewers: (viewers) => set({ viewers }),
      onSums: (sums, moments) => set({ sums, moments }),
      onEnd: (reason, statusCode, code) => set({ end: { reason, statusCode, code } }),
    });
    set({ send: stream.send });
    stream
      .history({
        ...wish.current,
        onChange: ({ messages, pending, hasOlder, older }) =>
          set({ messages, pending, hasOlder, older, isReady: true }),
      })
      .catch((error) => set({ error }));
    return () => {
      isHere = false;
      stream.close();
    };
  }, [client, streamId]);
  return view;
}

/** The user's credits, as a component shows them. */
export type WalletView = {
  wallet?: Wallet;
  /** Why they could not be read the last time. */
  error?: unknown;
  /** Reads them again. */
  refresh(): void;
};

/** The user's credits while the component is mounted: see `Client.watchWallet`. */
export function useWallet(client: Client): WalletView {
  const [view, setView] = useState<WalletView>({ refresh() {} });
  useEffect(() => {
    const { refresh, close } = client.watchWallet({
      onWallet: (wallet) => setView({ wallet, refresh }),
      onError: (error) => setView((before) => ({ ...before, error })),
    });
    setView({ refresh });
    return close;
  }, [client]);
  return view;
}
