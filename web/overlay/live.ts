import { createClient, type Event, type Subscription } from "../../client/index.ts";

/** Revoked: the server says with this code that the key will never be good again. */
const revokedCode = 4504;
/** Whoever was away for longer begins anew: nobody wants gifts of an hour ago on the air. */
const awayMillisecondsMax = 10_000;
const tickMilliseconds = 1_000;
/** So often a server that lets nobody in is asked whether it is there at all. */
const askMilliseconds = 10_000;
/** When it has answered so often in a row and let nobody in, it is the key. */
const answersMin = 2;

/**
 * How it stands. `refused`: the server is there and has not taken the key so far. After `revoked`
 * and `over` nothing comes any more.
 */
export type Standing = "online" | "offline" | "refused" | "revoked" | "over";

type Hearing = {
  onEvent(event: Event): void;
  onStanding(standing: Standing, reason: string): void;
};

/**
 * Follows a stream with an overlay key for as long as the page is there. A short outage is made up
 * exactly; after a long one, or when the machine has slept, it goes on with what comes.
 */
export function follow(streamId: string, key: string, hearing: Hearing): () => void {
  let subscription: Subscription | undefined;
  let awaySince: number | undefined;
  let lastTick = Date.now();
  let hasSlept = false;
  let askAt = 0;
  let answers = 0;

  const client = createClient({
    url: location.origin,
    overlayKey: { streamId, key },
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
    subscription = client.subscribe(streamId, {
      onEvent(event) {
        hasSlept = false;
        hearing.onEvent(event);
      },
      onEnd: end,
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
    askAt = awaySince + askMilliseconds;
    answers = 0;
    if (hasSlept) drop();
  }

  function comeBack(): void {
    awaySince = undefined;
    if (subscription === undefined) subscribe();
  }

  function tick(): void {
    const now = Date.now();
    // No event tells that a machine has slept, but its clock does.
    if (now - lastTick > awayMillisecondsMax) hasSlept = true;
    lastTick = now;
    if (awaySince === undefined) return;
    if (now - awaySince > awayMillisecondsMax) drop();
    if (now >= askAt) void ask(now);
  }

  /** A browser does not say why a handshake failed: a server that is well has refused it. */
  async function ask(now: number): Promise<void> {
    askAt = now + askMilliseconds;
    const isWell = await fetch("/health").then(
      ({ ok }) => ok,
      () => false,
    );
    answers = isWell ? answers + 1 : 0;
    if (answers >= answersMin && awaySince !== undefined) hearing.onStanding("refused", "");
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
