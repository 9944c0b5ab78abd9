import blockIcon from "icon:ban";
import muteIcon from "icon:message-circle-off";
import pinIcon from "icon:pin";
import replyIcon from "icon:reply";
import timeoutIcon from "icon:timer";
import removeIcon from "icon:trash-2";
import type { ChatMessage } from "../../client/index.ts";
import { icon, make } from "./dom.ts";
import { nameOf } from "./person.ts";
import type { Translator, Word } from "./translations.ts";

/** An action on a message. */
export type MessageAction = "reply" | "remove" | "pin" | "unpin" | "timeout" | "mute" | "block";

/** Timeouts that the menu offers, in seconds: those of Twitch and YouTube. */
const timeouts = [60, 600, 3_600, 86_400, 604_800];

type Done = (act: MessageAction, message: ChatMessage, seconds?: number) => void;

const icons: Record<MessageAction, string> = {
  reply: replyIcon,
  remove: removeIcon,
  pin: pinIcon,
  unpin: pinIcon,
  timeout: timeoutIcon,
  mute: muteIcon,
  block: blockIcon,
};

function itemOf(act: MessageAction, label: string, onclick: () => void): HTMLElement {
  const given = { class: `item ${act}`, type: "button", role: "menuitem", onclick };
  return make("button", given, icon(icons[act], 16), label);
}

/** A menu of actions on a message (arrow keys, Enter, Esc). One is open at a time. */
export function createMenu({ translate, duration }: Translator, host: HTMLElement, act: Done) {
  let menu: HTMLElement | undefined;
  let opener: HTMLElement | undefined;
  /** Shows the actions that are possible now, while the menu is open. */
  let refresh = () => {};

  function close(): void {
    // Removing the focused element triggers a second close.
    const closing = menu;
    menu = undefined;
    closing?.remove();
    opener?.closest<HTMLElement>(".row")?.classList.remove("chosen");
  }

  /** `list` is called again when the user's role or the pin changes. */
  function open(message: ChatMessage, button: HTMLElement, list: () => MessageAction[]): void {
    close();
    opener = button;
    const row = button.closest<HTMLElement>(".row");
    row?.classList.add("chosen");
    const done = (one: MessageAction, seconds?: number) => {
      close();
      // The composer takes the focus for the reply.
      if (one !== "reply") row?.focus();
      act(one, message, seconds);
    };
    const showActions = (actions: MessageAction[]) => {
      const items = actions.map((one) =>
        itemOf(one, translate(one satisfies Word), () =>
          one === "timeout" ? showDurations() : done(one),
        ),
      );
      show(items);
      refresh = () => {
        const now = list();
        if (menu === made && now.join() !== actions.join()) showActions(now);
      };
    };
    const durations = timeouts.map((seconds) =>
      itemOf("timeout", duration(seconds), () => done("timeout", seconds)),
    );
    const showDurations = () => {
      refresh = () => {};
      show(durations);
    };
    const label = translate("more", { name: nameOf(message.sender) });
    const made = make("div", { class: "menu", role: "menu", "aria-label": label });
    menu = made;
    made.addEventListener("keydown", (event) => press(event, [...made.querySelectorAll("button")]));
    made.addEventListener("focusout", ({ relatedTarget }) => {
      if (menu === made && !made.contains(relatedTarget as Node | null)) close();
    });
    host.append(made);
    showActions(list());

    /** Replaces the menu's content while it stays open. */
    function show(items: HTMLElement[]): void {
      menu = undefined;
      made.replaceChildren(...items);
      menu = made;
      place(made, host, button);
      items[0]?.focus();
    }
  }

  function press(event: KeyboardEvent, items: HTMLElement[]): void {
    const at = items.indexOf(event.target as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) items[(at + step + items.length) % items.length]?.focus();
    else if (event.key === "Escape") {
      const row = opener?.closest<HTMLElement>(".row");
      close();
      row?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return { open, close, refresh: () => refresh() };
}

/** Places a menu below its button, or above it if there is no room; never outside the chat. */
function place(made: HTMLElement, host: HTMLElement, button: HTMLElement): void {
  const { height } = made.getBoundingClientRect();
  const around = host.getBoundingClientRect();
  const at = button.getBoundingClientRect();
  const below = at.bottom - around.top + 4;
  const above = Math.max(0, at.top - around.top - height - 4);
  const top = below + height < around.height ? below : above;
  made.style.insetBlockStart = `${Math.min(top, around.height - height)}px`;
}
