import type { History, OvationError } from "../../client/index.ts";
import { attempt, createActions, readGifts } from "./actions.ts";
import { createAudience } from "./audience.ts";
import { createBans } from "./bans.ts";
import { handleEvent, setRules } from "./events.ts";
import { createGiftRows, type EarlierGifts, readEarlierGifts } from "./gift-rows.ts";
import { addMessage, follow } from "./message-rows.ts";
import { createPendingRows } from "./pending-rows.ts";
import { createQuotes } from "./quotes.ts";
import { isFinal, reasonOf } from "./reason.ts";
import type { RoomOptions, State, Stream } from "./state.ts";
import { createWallet } from "./wallet.ts";

const againMilliseconds = 2_000;
/** How long to wait for a socket before messages are read without it, and how many to read. */
const lateMilliseconds = 1_500;
const firstMessages = 50;

/** A stream's chat for one user: updates the view with the client's data. */
export function openRoom(options: RoomOptions) {
  const { client, streamId, view, translator } = options;
  const wallet = createWallet(client, (credits) => {
    if (state.isClosed) return;
    view.showBalance(credits);
    options.onBalance(credits);
  });
  const subscription = client.subscribe(streamId, {
    onEvent: (event) => handleEvent(state, event),
    onViewers(viewers) {
      view.showViewers(viewers);
      options.onViewers(viewers);
    },
    onSums: (sums, moments) => state.isClosed || view.showSums(sums, moments),
    onReset: () => void catchUp(state),
    onEnd: (reason, statusCode, code) =>
      state.isClosed || reason === "closed" || options.onEnd({ reason, statusCode, code }),
  });
  const state: State = {
    ...options,
    ...emptyState(),
    subscription,
    wallet,
    gifts: createGiftRows(view.log, translator),
    bans: createBans(options),
    showPending: createPendingRows(view.log, translator),
    quotes: createQuotes(options),
    audience: createAudience(options, (call) => attempt(state, call)),
  };
  void begin(state);
  // Credits are often bought in another tab.
  const onVisible = () => document.hidden || wallet.refresh();
  document.addEventListener("visibilitychange", onVisible);
  return {
    ...createActions(state),
    readWallet: wallet.refresh,
    audience: state.audience,
    /** Loads older messages, if any. */
    older: () => void state.history?.older().catch(() => {}),
    /** The senders of the messages, the latest first; not the user. */
    people: () =>
      [...state.rows.values()]
        .map(({ message }) => message.sender)
        .filter(({ _id }) => _id !== state.me)
        .reverse(),
    stop(): void {
      state.isClosed = true;
      clearTimeout(state.timer);
      document.removeEventListener("visibilitychange", onVisible);
      wallet.stop();
      state.gifts.stop();
      state.audience.stop();
      state.history?.close();
      subscription.close();
    },
  };
}

export type Room = ReturnType<typeof openRoom>;

/** The state before anything was read. */
const emptyState = () => ({
  past: undefined,
  history: undefined,
  rows: new Map(),
  given: new Set<string>(),
  me: "",
  username: "",
  hostId: "",
  moderators: [],
  slowSeconds: 0,
  slowChanges: 0,
  pinned: undefined,
  changed: {},
  timer: undefined,
  isClosed: false,
});

async function begin(state: State): Promise<void> {
  const { client, streamId, subscription, view } = state;
  void showFirst(state);
  try {
    const [me, read, , [earlier, history]] = await Promise.all([
      client.call<{ _id: string; username?: string }>("GET", "/api/v1/users/me"),
      // Only after subscribing: otherwise a change before the first frame would be missed.
      subscription.ready.then(() => client.call<Stream>("GET", `/api/v1/live-stream/${streamId}`)),
      readGifts(state),
      openPast(state),
    ]);
    if (state.isClosed) return;
    state.me = me._id;
    state.username = me.username ?? "";
    void state.bans.check(state.me);
    state.hostId = read.creator._id;
    showStream(state, read);
    state.audience.begin(state.subscription);
    for (const { row, message } of state.rows.values())
      row.deref()?.classList.toggle("own", message.sender._id === state.me);
    state.gifts.keepEarlier(earlier);
    follow(state, history);
    view.showReady();
    const { superLikePrice } = await client.call("GET /v1/app-config");
    view.composer.showPrice(superLikePrice);
  } catch (error) {
    if (state.isClosed) return;
    if (isFinal(error)) refuse(state, error);
    // Retries while the server is unreachable or still starting; the strip shows the outage.
    else state.timer = setTimeout(beginAgain, againMilliseconds, state);
  }
}

/** The user may not read the stream, or there is none. */
function refuse({ onEnd }: State, error: OvationError): void {
  const { statusCode, code } = error;
  onEnd({ reason: reasonOf(error), statusCode, code });
}

/**
 * Opens the chat's history, and reads the earlier gifts. Both wait for a socket, so all attempts of
 * `begin` share them.
 */
function openPast(state: State): Promise<[EarlierGifts, History]> {
  state.past ??= readPast(state);
  return state.past;
}

async function readPast(state: State): Promise<[EarlierGifts, History]> {
  const { client, streamId, subscription } = state;
  try {
    const [earlier, history] = await Promise.all([
      // Only after subscribing: otherwise gifts between the list and the first frame would be
      // missed.
      subscription.ready.then(() => readEarlierGifts(client, streamId)),
      subscription.history({ onChange: (made) => follow(state, made) }),
    ]);
    state.history = history;
    if (state.isClosed) history.close();
    return [earlier, history];
  } catch (error) {
    state.past = undefined;
    throw error;
  }
}

/** Shows the stream as it was read, with what events have changed meanwhile. */
function showStream(state: State, read: Stream): void {
  const stream = { ...read, ...state.changed };
  state.pinned = stream.pinned ?? undefined;
  setRules(state, stream);
  if (stream.status === "ended") state.view.showOver();
}

/** Frames were lost: reads what they may have changed, except the messages of the history. */
async function catchUp(state: State): Promise<void> {
  const { client, streamId, subscription, gifts } = state;
  state.view.showLost();
  gifts.hold();
  state.wallet.refresh();
  state.changed = {};
  void readStream(state);
  gifts.keepEarlier(await readEarlierGifts(client, streamId));
  if (state.history !== undefined && !subscription.isEnded()) follow(state, state.history);
}

async function readStream(state: State): Promise<void> {
  const { client, streamId, bans } = state;
  // Until `begin` has read the user, it reads the stream, too.
  if (state.me === "" || state.isClosed) return;
  void bans.check(state.me);
  try {
    const read = await client.call<Stream>("GET", `/api/v1/live-stream/${streamId}`);
    if (!state.isClosed) showStream(state, read);
  } catch (error) {
    if (!isFinal(error)) setTimeout(readStream, againMilliseconds, state);
  }
}

function beginAgain(state: State): void {
  state.wallet.refresh();
  void begin(state);
}

/**
 * If no socket opens soon, reads the messages without one: a chat without updates is better than
 * none.
 */
async function showFirst(state: State): Promise<void> {
  const { client, streamId, subscription, view } = state;
  const late = new Promise((done) => setTimeout(done, lateMilliseconds));
  const isReady = await Promise.race([subscription.ready.then(Boolean, Boolean), late]);
  if (isReady || state.isClosed || state.rows.size > 0) return;
  const isLate = () => state.isClosed || state.history !== undefined;
  try {
    const { messages } = await client.call("GET /api/v1/live-stream/{streamId}/chat/messages", {
      path: { streamId },
      query: { limit: firstMessages },
    });
    if (isLate()) return;
    for (const message of messages) addMessage(state, message);
    view.showReady();
  } catch (error) {
    if (isFinal(error) && !isLate()) refuse(state, error);
  }
}
