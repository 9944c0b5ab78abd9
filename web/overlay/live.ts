import {
  createClient,
  type Event,
  type Options,
  type Subscription,
  type SubscriptionHandlers,
} from "../../client/index.ts";

/** The overlay's credentials: for one stream, or for a channel. */
type OverlayKey = NonNullable<Options["overlayKey"]>;

/** The server's code for a revoked key. */
const revokedCode = 4504;
/** After a longer gap the overlay skips missed events, because old gifts are not shown on air. */
const awayMillisecondsMax = 10_000;
const tickMilliseconds = 1_000;
/**
 * After this many sockets in a row that a healthy server has not opened, the key is considered
 * invalid. A page that has just loaded is being set up, so a wrong key must show at once; on air a
 * fault of the server is more likely.
 */
const refusalsMin = { setup: 2, onAir: 6 };

/**
 * The connection's state. `refused`: the server is reachable and has not accepted the key so far.
 * After `revoked` and `over` no more events arrive.
 */
export type ConnectionStatus = "online" | "offline" | "refused" | "revoked" | "over";

type Hearing = {
  /** From now on, events and sums are those of this stream; null: the channel is not live. */
  onStream(streamId: string | null): void;
  onEvent(event: Event): void;
  onSums: NonNullable<SubscriptionHandlers["onSums"]>;
  onStanding(standing: ConnectionStatus, reason: string): void;
};

/**
 * A WebSocket that reports a rejected key. Browsers do not say why a handshake failed, so each
 * failure asks for the server's health: a healthy server that opens no socket rejects the key. Time
 * does not count: after a long outage the client may try again only after half a minute.
 */
function watchHandshakes(onRejected: () => void) {
  let [min, refusals] = [refusalsMin.setup, 0];

  async function ask(): Promise<void> {
    const isWell = await fetch("/health").then(
      ({ ok }) => ok,
      () => false,
    );
    refusals = isWell ? refusals + 1 : 0;
    if (refusals >= min) onRejected();
  }

  return class extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      this.addEventListener("close", ask);
      this.addEventListener("open", () => {
        this.removeEventListener("close", ask);
        [min, refusals] = [refusalsMin.onAir, 0];
      });
    }
  };
}

/**
 * Follows a stream, or the newest live stream of a channel, with an overlay key while the page is
 * open. After a short outage no event is missing; after a long one, or after the machine has slept,
 * it continues with new events.
 */
export function follow(overlayKey: OverlayKey, hearing: Hearing): void {
  let streamId = "streamId" in overlayKey ? overlayKey.streamId : null;
  let subscription: Subscription | undefined;
  let awaySince: number | undefined;
  let lastTick = Date.now();
  let hasSlept = false;
  const WatchedSocket = watchHandshakes(() => {
    if (awaySince !== undefined) hearing.onStanding("refused", "");
  });

  const client = createClient({
    url: location.origin,
    overlayKey,
    WebSocket: WatchedSocket as NonNullable<Options["WebSocket"]>,
    onChannel(newest) {
      if (newest === streamId) return;
      drop();
      // The server no longer sends how polls, goals and trains of the last stream end.
      hearing.onSums({}, []);
      streamId = newest;
      hearing.onStream(newest);
      subscribe();
    },
    onState(state, reason = "", statusCode) {
      if (state === "ended") return end(reason, statusCode);
      if (state === "offline") leave();
      else comeBack();
      hearing.onStanding(state, reason);
    },
  });
  subscribe();
  const ticking = setInterval(tick, tickMilliseconds);

  function subscribe(): void {
    if (streamId === null) return;
    subscription = client.subscribe(streamId, {
      onEvent(event) {
        hasSlept = false;
        hearing.onEvent(event);
      },
      onSums: hearing.onSums,
      onEnd: (reason, statusCode) => {
        // The channel's stream has ended: the next one will be announced.
        if ("streamId" in overlayKey) end(reason, statusCode);
      },
    });
  }

  /**
   * Ends the subscription; after an outage only while there is no socket, so that the server never
   * sees an `unsubscribe` after the next `subscribe`.
   */
  function drop(): void {
    hasSlept = false;
    subscription?.close();
    subscription = undefined;
  }

  function leave(): void {
    awaySince = Date.now();
    if (hasSlept) drop();
  }

  function comeBack(): void {
    awaySince = undefined;
    if (subscription === undefined) subscribe();
  }

  function tick(): void {
    const now = Date.now();
    // No event reports that a machine has slept, but its clock shows it.
    if (now - lastTick > awayMillisecondsMax) hasSlept = true;
    lastTick = now;
    if (awaySince !== undefined && now - awaySince > awayMillisecondsMax) drop();
  }

  function end(reason: string, statusCode?: number): void {
    if (reason === "closed") return;
    clearInterval(ticking);
    client.close();
    hearing.onStanding(statusCode === revokedCode ? "revoked" : "over", reason);
  }
}
