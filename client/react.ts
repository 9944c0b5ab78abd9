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
  History,
  HistoryOptions,
  PendingMessage,
  SendMessageOptions,
  Sums,
  Wallet,
} from "./index.ts";

const Shared = createContext<Client | undefined>(undefined);

/** Provides a client to the components below; they get it from `useClient`. */
export const ClientProvider = (given: { client: Client; children?: ReactNode }): ReactElement =>
  createElement(Shared.Provider, { value: given.client }, given.children);

/** The client of the nearest `ClientProvider`; throws if there is none. */
export function useClient(): Client {
  const client = useContext(Shared);
  if (client === undefined) throw new TypeError("useClient: there is no ClientProvider above");
  return client;
}

/** Whether the client is connected; see `client.connection` for the reason if it is not. */
export function useConnection({ connection }: Client): ConnectionState {
  const stateOf = () => connection.state;
  return useSyncExternalStore(connection.onChange, stateOf, stateOf);
}

type OpenMoment = ReturnType<ReturnType<Client["subscribe"]>["moments"]>[number];

/** Options of `useStream`. Changing `limit` or `keep` takes effect with the next stream. */
export type StreamOptions = Pick<HistoryOptions, "limit" | "keep"> & {
  onEvent?: (event: Event, frame: Frame) => void;
};

/** A stream's state for a component. */
export type Stream = {
  /** Oldest first. A new array after each change. */
  messages: readonly ChatMessage[];
  /** The user's own messages that are not in `messages` yet. */
  pending: readonly PendingMessage[];
  hasOlder: boolean;
  viewers: number;
  /** The stream's totals: `likes`, and by the id of each open poll or goal its sum. */
  sums: Sums;
  moments: readonly OpenMoment[];
  /** Whether the chat has loaded. */
  isReady: boolean;
  /** Why the chat could not be read; `retry` reads it again. */
  error?: unknown;
  /** Reads the chat again after an `error`. */
  retry(): void;
  /** Why the subscription ended, such as `blocked`. A stream's own end is `stream.ended`. */
  end?: { reason: string; statusCode: number | undefined; code: string | undefined };
  /** Sends a message, like `Subscription.send`. Throws while there is no stream. */
  send(content: string, options?: SendMessageOptions): PendingMessage;
  /** Loads older messages, like `History.older`. */
  older(): Promise<boolean>;
};

const nothing: Stream = {
  messages: [],
  pending: [],
  hasOlder: false,
  viewers: 0,
  isReady: false,
  sums: {},
  moments: [],
  send() {
    throw new TypeError("There is no stream yet");
  },
  older: async () => false,
  retry() {},
};

/** Follows a stream and its chat while the component is mounted and `streamId` is defined. */
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
    const read = () => {
      set({ error: undefined, retry: nothing.retry });
      const show = ({ messages, pending, hasOlder, older }: History) =>
        set({ messages, pending, hasOlder, older, isReady: true });
      stream
        .history({ ...wish.current, onChange: show })
        .then(show, (error) => set({ error, retry: read }));
    };
    read();
    return () => {
      isHere = false;
      stream.close();
    };
  }, [client, streamId]);
  return view;
}

/** The user's credits for a component. */
export type WalletView = {
  wallet?: Wallet;
  /** Why the last read failed. */
  error?: unknown;
  /** Reads the credits again. */
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
