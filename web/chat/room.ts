import type { ChatMessage, Client, Event, History, Subscription } from "../../client/index.ts";
import { createBans } from "./bans.ts";
import { createGiftRows, readEarlierGifts } from "./gift-rows.ts";
import type { Act } from "./menu.ts";
import { actsOn, perform } from "./moderation.ts";
import type { GiftType } from "./picker.ts";
import { isFinal, reasonOf } from "./reason.ts";
import { messageRow, noticeRow, pendingRow, superlikeRow } from "./rows.ts";
import { sendFrom } from "./sending.ts";
import type { Speaker } from "./translations.ts";
import type { View } from "./view.ts";
import { createWallet } from "./wallet.ts";

/** As much of a live stream as the chat wants to know. */
type Stream = Rules & { status: string; creator: { _id: string }; pinned: ChatMessage | null };
type Rules = { slowModeSeconds: number; giftsEnabled: boolean; moderators?: string[] };

const againMilliseconds = 2_000;
/** Messages by id, of which the list keeps fewer: what it has let go is forgotten in batches. */
const knownMax = 2_000;

export type RoomOptions = {
  client: Client;
  streamId: string;
  speaker: Speaker;
  view: View;
  /** Offers moderator actions to a user without that role, such as an admin. */
  moderates: boolean;
  onEvent(event: Event): void;
  onViewers(viewers: number): void;
  onBalance(credits: number): void;
};

type State = RoomOptions & {
  subscription: Subscription;
  history: History | undefined;
  gifts: ReturnType<typeof createGiftRows>;
  wallet: ReturnType<typeof createWallet>;
  /** A row that the list has let go is kept by nobody. */
  rows: Map<string, { row: WeakRef<HTMLElement>; message: ChatMessage }>;
  me: string;
  hostId: string;
  moderators: string[];
  slowSeconds: number;
  pinned: ChatMessage | undefined;
  bans: ReturnType<typeof createBans>;
  timer: ReturnType<typeof setTimeout> | undefined;
  isClosed: boolean;
};

/** A stream's chat as one person sees it: keeps the view as the client says that things are. */
export function openRoom(options: RoomOptions) {
  const { client, streamId, view, speaker } = options;
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
    onEnd: (reason) => state.isClosed || view.showEnd(reason),
  });
  const state: State = {
    ...options,
    ...{ subscription, history: undefined, gifts: createGiftRows(view.log, speaker), wallet },
    ...{ rows: new Map(), me: "", hostId: "", moderators: [], slowSeconds: 0 },
    ...{ pinned: undefined, timer: undefined, isClosed: false, bans: createBans(options) },
  };
  void begin(state);
  return {
    say: (text: string) =>
      sendFrom(view, text, subscription, isModerator(state) ? 0 : state.slowSeconds, speaker),
    async give(type: GiftType): Promise<void> {
      const expectedPrice = type.creditAmount;
      wallet.spend(expectedPrice);
      await attempt(state, () => client.sendGift(streamId, type.id, undefined, { expectedPrice }));
      wallet.readSoon();
    },
    async superlike(): Promise<void> {
      await attempt(state, () => client.sendSuperlike(streamId));
      wallet.readSoon();
    },
    async act(act: Act, message: ChatMessage): Promise<void> {
      const done = await attempt(state, () => perform(act, message, client, speaker));
      const { says = "", undo } = done ?? {};
      if (says !== "") view.toast.tell(says, undo && (() => void attempt(state, undo)));
    },
    /** Older messages, where there are some. */
    older: () => void state.history?.older().catch(() => {}),
    stop(): void {
      state.isClosed = true;
      clearTimeout(state.timer);
      wallet.stop();
      state.gifts.stop();
      state.history?.close();
      subscription.close();
    },
  };
}

export type Room = ReturnType<typeof openRoom>;

async function begin(state: State): Promise<void> {
  const { client, streamId, view } = state;
  try {
    const [me, stream, types, , gifts, history] = await Promise.all([
      client.call<{ _id: string }>("GET", "/api/v1/users/me"),
      client.call<Stream>("GET", `/api/v1/live-stream/${streamId}`),
      client.call<GiftType[]>("GET", "/api/v1/gifts/gift-types"),
      state.wallet.read(),
      // Only once it listens: what is given between a list and the first frame is in neither.
      state.subscription.ready.then(() => readEarlierGifts(client, streamId)),
      state.subscription.history({ onChange: (made) => follow(state, made) }),
    ]);
    state.history = history;
    if (state.isClosed) return history.close();
    state.me = me._id;
    state.hostId = stream.creator._id;
    state.pinned ??= stream.pinned ?? undefined;
    void state.bans.check(state.me);
    setRules(state, stream);
    view.element.classList.toggle("moderates", isModerator(state));
    for (const { row, message } of state.rows.values())
      row.deref()?.classList.toggle("own", message.sender._id === state.me);
    view.picker.setTypes(types);
    state.gifts.keepEarlier(gifts);
    if (stream.status === "ended") view.showOver();
    follow(state, history);
    view.showPinned(state.pinned);
    view.showReady();
  } catch (error) {
    if (state.isClosed) return;
    if (isFinal(error)) view.showEnd(reasonOf(error));
    // A server that is away, or slow at its start, is asked again; the strip says that it is away.
    else state.timer = setTimeout(() => void begin(state), againMilliseconds);
  }
}

const isModerator = ({ moderates, me, hostId, moderators }: State) =>
  moderates || me === hostId || moderators.includes(me);

/** Syncs the rows with the history: adds, removes and shows pending ones. */
function follow(state: State, { messages, pending, hasOlder }: History): void {
  const { view, speaker, rows } = state;
  for (const message of messages) addMessage(state, message);
  const there = new Set(messages.map(({ _id }) => _id));
  const oldest = messages[0]?.createdAt ?? "";
  state.gifts.showEarlier(hasOlder ? oldest : "");
  for (const [id, { message }] of rows)
    if (!there.has(id) && message.createdAt > oldest) removeMessage(state, id);
  const unsent = pending.map((one) =>
    pendingRow(one, speaker, one.status === "failed" ? reasonOf(one.error) : ""),
  );
  view.log.showUnsent(unsent);
  view.log.showEmpty();
}

function addMessage(state: State, message: ChatMessage): void {
  const { view, speaker, rows } = state;
  if (rows.has(message._id) || state.bans.isGone(message._id)) return;
  const row = messageRow(message, speaker, (one, button) => {
    const { me, pinned } = state;
    view.menu.open(
      one,
      button,
      actsOn(one, { me, isModerator: isModerator(state), pinned: pinned?._id }),
    );
  });
  row.classList.toggle("own", message.sender._id === state.me);
  rows.set(message._id, { row: new WeakRef(row), message });
  view.log.add(row, message.createdAt);
  if (rows.size < knownMax) return;
  for (const id of [...rows.keys()].slice(0, knownMax / 2)) rows.delete(id);
}

function removeMessage(state: State, id: string): void {
  const known = state.rows.get(id);
  if (known === undefined) return;
  const row = known.row.deref();
  if (row !== undefined) state.view.log.remove(row);
  state.rows.delete(id);
}

/** Messages come from the history, which matches them with pending ones. */
function take(state: State, event: Event): void {
  const { view, speaker } = state;
  view.count(event);
  switch (event.type) {
    case "chat.deleted":
      removeMessage(state, event.data.messageId);
      break;
    case "gift.sent":
      state.gifts.add(event.data, event.at);
      break;
    case "superlike.sent":
      view.superlikes.add(event.data);
      view.log.add(superlikeRow(event.data, speaker), event.at);
      break;
    case "chat.pinned":
    case "chat.unpinned":
      state.pinned = (event.type === "chat.pinned" && event.data.message) || undefined;
      view.showPinned(state.pinned);
      break;
    case "settings.changed":
      setRules(state, event.data);
      break;
    case "member.banned":
    case "member.unbanned":
      for (const id of state.bans.take(event, state.me, state.rows)) removeMessage(state, id);
      break;
    case "stream.ended":
      view.log.add(noticeRow(speaker.say("ended")), event.at);
      view.showOver();
  }
  state.onEvent(event);
}

function setRules(state: State, { slowModeSeconds, giftsEnabled, moderators }: Rules): void {
  state.slowSeconds = slowModeSeconds;
  state.view.composer.waitAtMost(slowModeSeconds);
  state.moderators = moderators ?? state.moderators;
  state.view.allowGifts(giftsEnabled && state.me !== state.hostId);
}

/** The answer of a call; undefined, with a word about it, where it was refused. */
async function attempt<Answer>(
  { view, speaker, isClosed }: State,
  call: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!isClosed) view.toast.tell(speaker.say("failed", { reason: reasonOf(error) }));
    return undefined;
  }
}
