import type { Event } from "../../client/index.ts";
import { noteServerTime } from "../server-time.ts";
import { createActions } from "./actions.ts";
import { follow, removeMessage } from "./message-rows.ts";
import { noticeRow } from "./rows.ts";
import { isModerator, type Rules, type State } from "./state.ts";
import { creditsOfGift, momentCredits } from "./tier.ts";

function showPinned(state: State): void {
  const { view, pinned } = state;
  const unpin = () => pinned && void createActions(state).act("unpin", pinned);
  view.showPinned(pinned, isModerator(state) ? unpin : undefined);
  view.menu.refresh();
}

/** Gifts are credited to the host a moment later: reads the balance again. */
const earn = ({ me, hostId, wallet }: State) => me === hostId && wallet.readSoon();

/** Shows an event, except messages: they come from the history, which matches pending ones. */
export function handleEvent(state: State, event: Event): void {
  const { view, translator } = state;
  noteServerTime(event.at);
  view.count(event);
  switch (event.type) {
    case "chat.deleted":
      removeMessage(state, event.data.messageId);
      break;
    case "gift.sent": {
      state.gifts.add(event);
      if (event.data.sender._id === state.me) state.given.add(event.data.id);
      if (creditsOfGift(event.data) >= momentCredits) view.spotlight.add(event.data);
      earn(state);
      break;
    }
    case "gift.refunded":
      if (state.given.delete(event.data.id)) state.wallet.refresh();
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
      if (event.type === "member.unbanned" && state.history) follow(state, state.history);
      break;
    case "stream.ended":
      view.log.add(noticeRow(translator.translate("ended")), event.at);
      state.changed.status = "ended";
      view.showOver();
  }
  state.onEvent(event);
}

export function setRules(state: State, { slowModeSeconds, giftsEnabled, moderators }: Rules): void {
  state.slowSeconds = slowModeSeconds;
  state.slowChanges++;
  state.view.composer.waitAtMost(slowModeSeconds);
  state.moderators = moderators ?? state.moderators;
  state.view.allowGifts(giftsEnabled && state.me !== state.hostId);
  state.view.moments.allow(isModerator(state));
  showPinned(state);
}
