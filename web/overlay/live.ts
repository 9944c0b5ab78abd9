import {
  createClient,
  type Event,
  type Subscription,
  type SubscriptionHandlers,
} from "../../client/index.ts";

/** What opens the overlay's sockets: for one stream, or for a channel. */
type OverlayKey = NonNullable<Parameters<typeof createClient>[0]["overlayKey"]>;

/** Revoked: the server says with this code that the key will never be good again. */
const revokedCode = 4504;
/** After a longer gap the overlay skips missed events: nobody wants old gifts on air. */
const awayMillisecondsMax = 10_000;
const tickMilliseconds = 1_000;
/**
 * The interval between health checks while no socket opens. A page that has just been loaded is
 * being set up, so its streamer learns of a wrong key at once; on air an outage is more likely.
 */
const askMilliseconds = { setup: 1_000, onAir: 10_000 };
/** After this many healthy answers in a row without a socket, the key is at fault. */
const answersMin = 2;

/**
 * How it stands. `refused`: the server is there and has not taken the key so far. After `revoked`
 * and `over` nothing comes any more.
 */
export type Standing = "online" | "offline" | "refused" | "revoked" | "over";

type Hearing = {
  onEvent(event: Event): void;
  onSums: NonNullable<SubscriptionHandlers["onSums"]>;
  onStanding(standing: Standing, reason: string): void;
};

/**
 * Reports a rejected key. A browser does not say why a handshake failed, so while no socket opens
 * the server's health is asked for: a healthy server that lets no socket open rejects the key.
 */
function createKeyCheck(onRejected: () => void) {
  let [askAt, interval, answers] = [0, askMilliseconds.setup, 0];

  async function ask(now: number): Promise<void> {
    askAt = now + interval;
    const isWell = await fetch("/health").then(
      ({ ok }) => ok,
      () => false,
    );
    answers = isWell ? answers + 1 : 0;
    if (answers >= answersMin) onRejected();
  }

  return {
    leave(now: number): void {
      askAt = now + interval;
      answers = 0;
    },
    comeBack(): void {
      interval = askMilliseconds.onAir;
    },
    tick(now: number): void {
      if (now >= askAt) void ask(now);
    },
  };
}

/**
 * Follows a stream, or the newest live stream of a channel, with an overlay key for as long as the
 * page is open. After a short outage no event is missing; after a long one, or when the machine has
 * slept, it continues with new events.
 */
export function follow(overlayKey: OverlayKey, hearing: Hearing): () => void {
  let streamId = "streamId" in overlayKey ? overlayKey.streamId : null;
  let subscription: Subscription | undefined;
  let awaySince: number | undefined;
  let lastTick = Date.now();
  let hasSlept = false;
  const keyCheck = createKeyCheck(() => {
    if (awaySince !== undefined) hearing.onStanding("refused", "");
  });

  const client = createClient({
    url: location.origin,
    overlayKey,
    onChannel(newest) {
      if (newest === streamId) return;
      drop();
      streamId = newest;
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
        // The stream of a channel is over: the next one is announced.
        if ("streamId" in overlayKey) end(reason, statusCode);
      },
    });
  }

  /** While there is no socket, so that no server has to put this and the next in their order. */
  function drop(): void {
    hasSlept = false;
    subscription?.close();
    subscription = undefined;
  }

  function leave(): void {
    awaySince = Date.now();
    keyCheck.leave(awaySince);
    if (hasSlept) drop();
  }

  function comeBack(): void {
    awaySince = undefined;
    keyCheck.comeBack();
    if (subscription === undefined) subscribe();
  }

  function tick(): void {
    const now = Date.now();
    // No event tells that a machine has slept, but its clock does.
    if (now - lastTick > awayMillisecondsMax) hasSlept = true;
    lastTick = now;
    if (awaySince === undefined) return;
    if (now - awaySince > awayMillisecondsMax) drop();
    keyCheck.tick(now);
  }

  function end(reason: string, statusCode?: number): void {
    if (reason === "closed") return;
    stop();
    hearing.onStanding(statusCode === revokedCode ? "revoked" : "over", reason);
  }

  function stop(): void {
    clearInterval(ticking);
    client.close();
  }
  return stop;
}
