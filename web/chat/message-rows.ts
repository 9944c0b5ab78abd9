import type { ChatMessage, History } from "../../client/index.ts";
import { messageActionsFor } from "./moderation.ts";
import { messageRow } from "./rows.ts";
import { isModerator, type State } from "./state.ts";

/**
 * Limit of remembered messages by id. The list keeps fewer; forgotten ones are dropped in batches.
 */
const knownMax = 2_000;

/** Syncs the rows with the history: adds, removes and shows pending ones. */
export function follow(state: State, { messages, pending, hasOlder }: History): void {
  const { view, rows } = state;
  for (const message of messages) addMessage(state, message);
  const there = new Set(messages.map(({ _id }) => _id));
  const oldest = messages[0]?.createdAt ?? "";
  state.gifts.showEarlier(hasOlder ? oldest : "");
  for (const [id, { message }] of rows)
    if (!there.has(id) && message.createdAt > oldest) removeMessage(state, id);
  state.showPending(pending);
  view.log.showEmpty();
}

export function addMessage(state: State, message: ChatMessage): void {
  const { view, translator, rows } = state;
  if (rows.has(message._id) || state.bans.isGone(message._id)) return;
  const onMenu = (one: ChatMessage, button: HTMLElement) =>
    view.menu.open(one, button, () =>
      messageActionsFor(one, { ...state, isModerator: isModerator(state) }),
    );
  const row = messageRow(message, translator, { me: state.username, onMenu });
  if (message.replyTo !== undefined)
    void state.quotes.show(row, message.replyTo, rows.get(message.replyTo)?.message);
  row.classList.toggle("own", message.sender._id === state.me);
  state.quotes.restore(message);
  rows.set(message._id, { row: new WeakRef(row), message });
  view.log.add(row, message.createdAt);
  if (rows.size < knownMax) return;
  for (const id of [...rows.keys()].slice(0, knownMax / 2)) rows.delete(id);
}

export function removeMessage(state: State, id: string): void {
  state.quotes.remove(id);
  const known = state.rows.get(id);
  if (known === undefined) return;
  const row = known.row.deref();
  if (row !== undefined) state.view.log.remove(row);
  state.rows.delete(id);
}
