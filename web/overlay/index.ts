/** The overlay for streaming programs: chat, gifts and a goal. */
import type { Event, Sums } from "../../client/index.ts";
import { type Combo, createCombos } from "../chat/combos.ts";
import { make } from "../chat/dom.ts";
import type { Moment } from "../chat/moment-card.ts";
import { createSpotlight } from "../chat/spotlight.ts";
import { creditsOfGift } from "../chat/tier.ts";
import { type Translator, translatorFor } from "../chat/translations.ts";
import { createChime } from "./chime.ts";
import { createColumn } from "./column.ts";
import { adoptCustomCss } from "./custom-css.ts";
import { playDemo } from "./demo.ts";
import { createGoal } from "./goal.ts";
import { type ConnectionStatus, follow } from "./live.ts";
import { createPoll } from "./poll.ts";
import { giftRow, messageRow, superlikeRow } from "./rows.ts";
import { type Settings, settingsOf } from "./settings.ts";
import { createTrain } from "./train.ts";

const sweepMilliseconds = 250;
/** Gifts of this many credits or more are shown in the middle of the picture. */
const largeCredits = 500;

/** All visible parts. Events are shown at once and forgotten when their row is removed. */
function createOverlay(settings: Settings) {
  const translator = translatorFor(settings.language);
  const { max, fade: fadeSeconds, badges, goal: wanted, mute } = settings;
  const chime = createChime(mute);
  const column = createColumn({ max, fadeSeconds });
  const spotlight = createSpotlight(translator, "ov-", () => chime("large"));
  const goal = createGoal(wanted, translator);
  const poll = createPoll(translator);
  const train = createTrain(translator);
  const note = createNote(translator);
  let combos = createCombos();
  const giftRows = new WeakMap<Combo, ReturnType<typeof giftRow>>();
  const element = make("main", { class: "ov", lang: settings.language });
  Object.assign(element.dataset, { theme: settings.theme, align: settings.align });
  if (settings.family !== undefined) element.style.setProperty("--ov-font", settings.family);
  if (settings.pixels !== undefined) element.style.setProperty("--ov-size", `${settings.pixels}px`);
  element.append(goal.element, train.element, poll.element);
  element.append(
    make("div", { class: "ov-column" }, column.element, note.element),
    spotlight.element,
  );
  setInterval(() => {
    for (const combo of combos.end(performance.now())) giftRows.get(combo)?.end();
  }, sweepMilliseconds);

  function addGift(gift: Extract<Event, { type: "gift.sent" }>["data"]): void {
    const { combo, isNew } = combos.add(gift, performance.now());
    const known = giftRows.get(combo);
    goal.setTotal(gift.totals.credits);
    if (creditsOfGift(gift) >= largeCredits) spotlight.add(gift);
    else chime("small");
    // If the combo's row was pushed out, a new one continues with its count.
    if (!isNew && known !== undefined && column.touch(known.element)) {
      known.grow();
      return;
    }
    known?.end();
    const made = giftRow(combo, translator);
    giftRows.set(combo, made);
    column.add(made.element, gift.sender._id);
  }

  return {
    element,
    /** Empties the overlay for a stream; null: the channel's last stream has ended. */
    begin(streamId: string | null): void {
      if (streamId !== null) goal.begin(streamId);
      column.remove(() => true);
      spotlight.remove(() => true);
      combos = createCombos();
    },
    take(event: Event): void {
      const { type, data } = event;
      if (type === "chat.message") column.add(messageRow(data, badges), data.sender._id);
      else if (type === "gift.sent") addGift(data);
      else if (type === "gift.refunded") goal.setTotal(data.totals.credits);
      else if (type === "superlike.sent")
        column.add(superlikeRow(data, translator), data.senderSnapshot._id);
      else if (type === "moment.ended") {
        poll.end(data);
        train.end(data);
      } else if (type === "chat.deleted") column.remove((row) => row.dataset.id === data.messageId);
      else if (type === "member.banned") {
        column.remove((_, senderId) => senderId === data.targetUserId);
        spotlight.remove(({ sender }) => sender._id === data.targetUserId);
      }
    },
    /** Shows the stream's sums and open moments: the newest of each kind. */
    sum(sums: Sums, moments: readonly Moment[]): void {
      const newest = (kind: Moment["kind"]) => moments.findLast((one) => one.kind === kind);
      const [openGoal, openPoll, openTrain] = [newest("goal"), newest("poll"), newest("train")];
      goal.setOpen(openGoal, openGoal && sums[openGoal.id]);
      poll.setOpen(openPoll, openPoll && sums[openPoll.id]);
      train.setOpen(openTrain, openTrain && sums[openTrain.id]);
    },
    show(standing: ConnectionStatus | "no-key", reason = ""): void {
      element.dataset.state = standing;
      note.show(standing, reason);
    },
  };
}

/** A status line for the streamer's setup; viewers of the stream see no outage. */
function createNote({ translate }: Translator) {
  const element = make("p", { class: "ov-note", role: "status", hidden: true });
  return {
    element,
    show(standing: ConnectionStatus | "no-key", reason: string): void {
      const isQuiet = standing === "online" || standing === "offline";
      if (standing === "offline" && !element.hidden) return;
      element.hidden = isQuiet;
      if (isQuiet) return;
      const words = { refused: "keyRefused", revoked: "keyRevoked", "no-key": "noKey" } as const;
      element.textContent =
        standing === "over" ? translate("over", { reason }) : translate(words[standing]);
    },
  };
}

function begin(): void {
  adoptCustomCss();
  const settings = settingsOf(location.search, navigator.language);
  document.documentElement.lang = settings.language;
  const overlay = createOverlay(settings);
  document.body.append(overlay.element);
  const { streamId, channel, key, demo } = settings;
  if (demo) playDemo(overlay.take);
  else if ((streamId === "" && channel === "") || key === "") overlay.show("no-key");
  else {
    if (streamId !== "") overlay.begin(streamId);
    const overlayKey = streamId === "" ? { channel, key } : { streamId, key };
    follow(overlayKey, {
      onStream: overlay.begin,
      onEvent: overlay.take,
      onSums: overlay.sum,
      onStanding: overlay.show,
    });
  }
}

begin();
