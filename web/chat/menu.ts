import blockIcon from "icon:ban";
import muteIcon from "icon:message-circle-off";
import pinIcon from "icon:pin";
import timeoutIcon from "icon:timer";
import removeIcon from "icon:trash-2";
import type { ChatMessage } from "../../client/index.ts";
import { icon, make } from "./dom.ts";
import { nameOf } from "./person.ts";
import type { Speaker, Word } from "./translations.ts";

/** What one may do about a message. */
export type Act = "remove" | "pin" | "unpin" | "timeout" | "mute" | "block";

const icons: Record<Act, string> = {
  remove: removeIcon,
  pin: pinIcon,
  unpin: pinIcon,
  timeout: timeoutIcon,
  mute: muteIcon,
  block: blockIcon,
};

/** A menu of actions on a message (arrow keys, Enter, Esc). One is open at a time. */
export function createMenu(
  { say }: Speaker,
  host: HTMLElement,
  act: (act: Act, message: ChatMessage) => void,
) {
  let menu: HTMLElement | undefined;
  let opener: HTMLElement | undefined;

  function close(): void {
    // What loses the focus by being removed asks to close once more.
    const closing = menu;
    menu = undefined;
    closing?.remove();
    opener?.closest<HTMLElement>(".row")?.classList.remove("chosen");
  }

  function open(message: ChatMessage, button: HTMLElement, acts: Act[]): void {
    close();
    if (acts.length === 0) return;
    opener = button;
    const row = button.closest<HTMLElement>(".row");
    row?.classList.add("chosen");
    const items = acts.map((one) =>
      make(
        "button",
        {
          ...{ class: `item ${one}`, type: "button", role: "menuitem" },
          onclick: () => {
            close();
            row?.focus();
            act(one, message);
          },
        },
        icon(icons[one], 16),
        say(one satisfies Word),
      ),
    );
    const label = say("more", { name: nameOf(message.sender) });
    menu = make("div", { class: "menu", role: "menu", "aria-label": label }, ...items);
    menu.addEventListener("keydown", (event) => press(event, items));
    menu.addEventListener("focusout", ({ relatedTarget }) => {
      if (!menu?.contains(relatedTarget as Node | null)) close();
    });
    host.append(menu);
    place(menu, button);
    items[0]!.focus();
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

  /** Below its button, or above it where there is no room below. */
  function place(made: HTMLElement, button: HTMLElement): void {
    const [own, around, at] = [made, host, button].map((one) => one.getBoundingClientRect());
    const below = at!.bottom - around!.top + 4;
    const fits = below + own!.height < around!.height;
    made.style.insetBlockStart = `${fits ? below : at!.top - around!.top - own!.height - 4}px`;
  }

  return { open, close };
}
