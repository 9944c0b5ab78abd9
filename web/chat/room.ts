import type { ChatMessage, Event, History } from "../../client/index.ts";
import { noteServerTime } from "../server-time.ts";
import { actsIn, attempt, readGifts } from "./acts.ts";
import { createAudience } from "./audience.ts";
import { createBans } from "./bans.ts";
import { createGiftRows, readEarlier } from "./gift-rows.ts";
import { actsOn } from "./moderation.ts";
import { createQuotes } from "./quotes.ts";
import { isFinal, reasonOf } from "./reason.ts";
import { messageRow, noticeRow } from "./rows.ts";
import { isModerator, type RoomOptions, type Rules, type State, type Stream } from "./state.ts";
import { momentCredits } from "./tier.ts";
import { createUnsent } from "./unsent.ts";
import { createWallet } from "./wallet.ts";

const againMilliseconds = 2_000;
/** How long to wait for a socket before messages are read without it, and how many to read. */
const lateMilliseconds = 1_500;
const firstMessages = 50;
/**
 * Limit of remembered messages by id. The list keeps fewer; forgotten ones are dropped in batches.
 */
const knownMax = 2_000;

/** A stream's chat for one user: updates the view with the client's data. */
export function openRoom(options: RoomOptions) {
  const { client, streamId, view, translator } = options;
  const wallet = createWallet(client, (credits) => {
    if (state.isClosed) return;
    view.showBalance(credits);
    options.onBalance(credits);
  });
  const subscription = client.subscribe(streamId, {
    onEvent: (event) => take(state, event),
    onViewers(viewers) {
      view.showViewers(viewers);
      options.onViewers(viewers);
    },
    onSums: (sums, moments) => state.isClosed || view.showSums(sums, moments),
    onEnd: (reason) => state.isClosed || view.showEnd(reason),
  });
  const state: State = {
    ...options,
    ...{ subscription, history: undefined, gifts: createGiftRows(view.log, translator), wallet },
    ...{ rows: new Map(), me: "", username: "", hostId: "", moderators: [], slowSeconds: 0 },
    ...{
      pinned: undefined,
      changed: {},
      timer: undefined,
      isClosed: false,
      bans: createBans(options),
    },
    showUnsent: createUnsent(view.log, translator),
    quotes: createQuotes(options),
    audience: createAudience(options, (call) => attempt(state, call)),
  };
  void begin(state);
  return {
    ...actsIn(state),
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
      wallet.stop();
      state.gifts.stop();
      state.audience.stop();
      state.history?.close();
      subscription.close();
    },
  };
}

export type Room = ReturnType<typeof openRoom>;

async function begin(state: State): Promise<void> {
  const { client, streamId, view } = state;
  void showFirst(state);
  try {
    const [me, read, , , earlier, history] = await Promise.all([
      client.call<{ _id: string; username?: string }>("GET", "/api/v1/users/me"),
      client.call<Stream>("GET", `/api/v1/live-stream/${streamId}`),
      readGifts(state),
      state.wallet.read(),
      // Only after subscribing: otherwise gifts between the list and the first frame would be
      // missed.
      state.subscription.ready.then(() => readEarlier(client, streamId)),
      state.subscription.history({ onChange: (made) => follow(state, made) }),
    ]);
    state.history = history;
    if (state.isClosed) return history.close();
    const stream = { ...read, ...state.changed };
    state.me = me._id;
    state.username = me.username ?? "";
    state.hostId = stream.creator._id;
    state.pinned = stream.pinned ?? undefined;
    void state.bans.check(state.me);
    setRules(state, stream);
    state.audience.begin(state.subscription);
    for (const { row, message } of state.rows.values())
      row.deref()?.classList.toggle("own", message.sender._id === state.me);
    state.gifts.keepEarlier(earlier);
    if (stream.status === "ended") view.showOver();
    follow(state, history);
    view.showReady();
    const { superLikePrice } = await client.call("GET /v1/app-config");
    view.composer.showPrice(superLikePrice);
  } catch (error) {
    if (state.isClosed) return;
    if (isFinal(error)) view.showEnd(reasonOf(error));
    // Retries while the server is unreachable or still starting; the strip shows the outage.
    else state.timer = setTimeout(() => void begin(state), againMilliseconds);
  }
}

/**
 * If no socket opens soon, reads the messages without one: a chat without updates is better than
 * none.
 */
async function showFirst(state: State): Promise<void> {
  const { client, streamId, subscription, view } = state;
  const late = new Promise((done) => setTimeout(done, lateMilliseconds));
  const isReady = await Promise.race([subscription.ready.then(Boolean, Boolean), late]);
  if (isReady || state.isClosed) return;
  const call = client.call("GET /api/v1/live-stream/{streamId}/chat/messages", {
    path: { streamId },
    query: { limit: firstMessages },
  });
  const page = await call.catch(() => undefined);
  if (page === undefined || state.isClosed || state.history !== undefined) return;
  for (const message of page.messages) addMessage(state, message);
  view.showReady();
}

/** Syncs the rows with the history: adds, removes and shows pending ones. */
function follow(state: State, { messages, pending, hasOlder }: History): void {
  const { view, rows } = state;
  for (const message of messages) addMessage(state, message);
  const there = new Set(messages.map(({ _id }) => _id));
  const oldest = messages[0]?.createdAt ?? "";
  state.gifts.showEarlier(hasOlder ? oldest : "");
  for (const [id, { message }] of rows)
    if (!there.has(id) && message.createdAt > oldest) removeMessage(state, id);
  state.showUnsent(pending);
  view.log.showEmpty();
}

function addMessage(state: State, message: ChatMessage): void {
  const { view, translator, rows } = state;
  if (rows.has(message._id) || state.bans.isGone(message._id)) return;
  const onMenu = (one: ChatMessage, button: HTMLElement) =>
    view.menu.open(one, button, () => actsOn(one, { ...state, isModerator: isModerator(state) }));
  const row = messageRow(message, translator, { me: state.username, onMenu });
  if (message.replyTo !== undefined)
    void state.quotes.show(row, message.replyTo, rows.get(message.replyTo)?.message);
  row.classList.toggle("own", message.sender._id === state.me);
  rows.set(message._id, { row: new WeakRef(row), message });
  view.log.add(row, message.createdAt);
  if (rows.size < knownMax) return;
  for (const id of [...rows.keys()].slice(0, knownMax / 2)) rows.delete(id);
}

function removeMessage(state: State, id: string): void {
  state.quotes.remove(id);
  const known = state.rows.get(id);
  if (known === undefined) return;
  const row = known.row.deref();
  if (row !== undefined) state.view.log.remove(row);
  state.rows.delete(id);
}

function showPinned(state: State): void {
  const { view, pinned } = state;
  const unpin = () => pinned && void actsIn(state).act("unpin", pinned);
  view.showPinned(pinned, isModerator(state) ? unpin : undefined);
  view.menu.refresh();
}

/** Gifts are credited to the host a moment later: reads the balance again. */
const earn = ({ me, hostId, wallet }: State) => me === hostId && wallet.readSoon();

/** Messages come from the history, which matches them with pending ones. */
function take(state: State, event: Event): void {
  const { view, translator } = state;
  noteServerTime(event.at);
  view.count(event);
  switch (event.type) {
    case "chat.deleted":
      removeMessage(state, event.data.messageId);
      break;
    case "gift.sent": {
      const { count, receivers, giftType } = event.data;
      state.gifts.add(event);
      if (count * Math.max(1, receivers.length) * giftType.creditAmount >= momentCredits)
        view.spotlight.add(event.data);
      earn(state);
      break;
    }
    case "gift.refunded":
      earn(state);
      break;
    case "superlike.sent":
      view.superlikes.add(event.data);
      state.gifts.add(event);
      earn(state);
      break;
    case "moment.ended":
      view.moments.end(event.data);
      break;
    case "chat.pinned":
    case "chat.unpinned":
      state.pinned = (event.type === "chat.pinned" && event.data.message) || undefined;
      state.changed.pinned = state.pinned ?? null;
      showPinned(state);
      break;
    case "settings.changed":
      Object.assign(state.changed, event.data);
      setRules(state, event.data);
      break;
    case "member.banned":
    case "member.unbanned":
      for (const id of state.bans.take(event, state.me, state.rows)) removeMessage(state, id);
      break;
    case "stream.ended":
      view.log.add(noticeRow(translator.translate("ended")), event.at);
      state.changed.status = "ended";
      view.showOver();
  }
  state.onEvent(event);
}

function setRules(state: State, { slowModeSeconds, giftsEnabled, moderators }: Rules): void {
  state.slowSeconds = slowModeSeconds;
  state.view.composer.waitAtMost(slowModeSeconds);
  state.moderators = moderators ?? state.moderators;
  state.view.allowGifts(giftsEnabled && state.me !== state.hostId);
  state.view.moments.allow(isModerator(state));
  showPinned(state);
}
