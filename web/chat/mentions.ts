import { isComposing, make } from "./dom.ts";
import { nameOf, type Person } from "./person.ts";
import type { Translator } from "./translations.ts";

const shownMax = 5;
/** An at sign and the start of a name, directly before the cursor. */
const begun = /(?:^|\s)@([\p{L}\p{N}._-]*)$/u;

let lists = 0;

/**
 * Suggests users to mention while one is typed: arrow keys choose, Enter and Tab insert, Escape
 * closes. The focus stays in `box`. `people` lists the users of the chat, the latest first.
 */
export function createMentions(
  { translate }: Translator,
  box: HTMLTextAreaElement,
  people: () => Iterable<Person>,
) {
  const name = `mentions-${++lists}`;
  const element = make("div", {
    class: "mentions-list",
    id: name,
    role: "listbox",
    hidden: true,
    "aria-label": translate("mention"),
  });
  let found: Person[] = [];
  let at = 0;
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", name);
  for (const event of ["input", "click", "focus"]) box.addEventListener(event, show);
  box.addEventListener("blur", hide);

  const typed = () => box.value.slice(0, box.selectionStart).match(begun)?.[1];

  function show(): void {
    const start = box.readOnly ? undefined : typed()?.toLowerCase();
    found = start === undefined ? [] : matching(people(), start);
    at = 0;
    element.replaceChildren(...found.map(optionOf));
    mark();
  }

  function optionOf(person: Person, place: number): HTMLElement {
    return make(
      "div",
      {
        class: "option",
        role: "option",
        id: `${name}-${place}`,
        // The box keeps the focus.
        onpointerdown: (event: Event) => event.preventDefault(),
        onclick: () => pick(person),
      },
      make("bdi", { class: "name" }, nameOf(person)),
      make("span", { class: "handle" }, `@${person.username}`),
    );
  }

  function mark(): void {
    element.hidden = found.length === 0;
    for (const [place, option] of [...element.children].entries())
      option.setAttribute("aria-selected", `${place === at}`);
    if (element.hidden) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", `${name}-${at}`);
  }

  function hide(): void {
    found = [];
    mark();
  }

  function pick({ username }: Person): void {
    const end = box.selectionStart;
    const start = end - (typed()?.length ?? 0);
    box.setRangeText(`${username} `, start, end, "end");
    box.dispatchEvent(new Event("input"));
  }

  /** Handles a key press in the box; returns whether it was meant for the list. */
  function press(event: KeyboardEvent): boolean {
    const chosen = found[at];
    if (chosen === undefined || isComposing(event)) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      at = (at + step + found.length) % found.length;
      mark();
    } else if (event.key === "Escape") hide();
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) pick(chosen);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  return { element, press };
}

/** The latest users whose username, or a part of whose name, starts with a text, each once. */
function matching(people: Iterable<Person>, start: string): Person[] {
  const found = new Map<string, Person>();
  for (const person of people) {
    const names = [person.username, ...nameOf(person).split(/\s+/)];
    if (person.username && names.some((one) => one.toLowerCase().startsWith(start)))
      found.set(person._id, person);
    if (found.size === shownMax) break;
  }
  return [...found.values()];
}
