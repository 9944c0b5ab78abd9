import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { isComposing } from "../chat/dom.ts";
import { hueOf, initialOf, nameOf, type Person } from "../chat/person.ts";
import { formatted } from "../formats.ts";
import { labelOf } from "../labels.ts";
import { Moment } from "../moment.tsx";
import type { Refused } from "./api.ts";
import { Icon } from "./icons.ts";
import { leaveForm } from "./leave-form.tsx";
import { go } from "./router.ts";

export { formatted, labelOf, Moment };

/** A number of credits, such as `1 credit`. */
export const creditsOf = (value: number) =>
  `${formatted(value)} ${value === 1 ? "credit" : "credits"}`;

/** Text truncated to the available width; its tooltip has all of it. */
export const Truncated = ({ text }: { text: string | null }) =>
  text === null ? (
    <span class="quiet">–</span>
  ) : (
    <bdi class="cut" title={text}>
      {text}
    </bdi>
  );

/** A user by name and username, since names are not unique. */
export function PersonCell({ person }: { person: Pick<Person, "_id"> & Partial<Person> }) {
  const whole = { username: "", name: "", surname: "", profilePhoto: "", ...person };
  const name = nameOf(whole);
  return (
    <span class="person">
      <span class="initial" style={{ "--hue": `${hueOf(whole._id)}` }} aria-hidden="true">
        {initialOf(whole)}
      </span>
      <span class="names">
        <bdi>{name}</bdi>
        {whole.username !== "" && whole.username !== name && (
          <bdi class="quiet">@{whole.username}</bdi>
        )}
      </span>
    </span>
  );
}

/**
 * A link within the console, followed without reloading the page; first it asks if changes would be
 * lost.
 */
export function Link(given: {
  href: string;
  class?: string;
  /** Its tooltip, for a link that may be an icon alone. */
  title?: string;
  /** Whether it leads to the open view. */
  isHere?: boolean;
  children: ComponentChildren;
}) {
  return (
    <a
      href={given.href}
      class={given.class ?? "link"}
      title={given.title}
      aria-current={given.isHere ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        leaveForm(() => go(given.href, given.isHere));
      }}
    >
      {given.children}
    </a>
  );
}

/** The empty state: a sentence and, if there is one, the next step. */
export function EmptyState({ says, children }: { says: string; children?: ComponentChildren }) {
  return (
    <div class="nothing">
      <p>{says}</p>
      {children}
    </div>
  );
}

const asSentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

/** An error: the API's sentence and what the user can do. */
export function Refusal({ refused, retry }: { refused: Refused; retry?: () => void }) {
  return (
    <div class="refusal" role="alert">
      <Icon name="warning" size={20} />
      <p>
        {asSentence(refused.says)} <span class="quiet">{refused.advice}</span>{" "}
        <code>{refused.code}</code>
      </p>
      {retry && (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** A detail pane next to its list; on small screens it replaces the list. */
export function Detail(given: { title: string; close(): void; children: ComponentChildren }) {
  const pane = useRef<HTMLElement>(null);
  const close = () => leaveForm(given.close);
  useLayoutEffect(() => {
    // If opened by keyboard, the pane takes the focus; if by a button, such as "New", its form.
    const opener = document.activeElement;
    if (!opener?.matches(":focus-visible") || pane.current?.contains(opener)) return;
    const field = opener.matches("button") && pane.current?.querySelector<HTMLElement>(".input");
    (field || pane.current)?.focus();
  }, []);
  return (
    <aside
      ref={pane}
      class="detail card"
      aria-label={given.title}
      tabIndex={-1}
      onKeyDown={(event) => {
        // Escape may also cancel the composition of a character, or empty a search.
        const isOther = isComposing(event) || (event.target as Element).matches("[type=search]");
        if (event.key !== "Escape" || isOther) return;
        // The same key press must not close the dialog that may open now.
        event.preventDefault();
        close();
      }}
    >
      <header class="card-head">
        <h2>
          <bdi>{given.title}</bdi>
        </h2>
        <button type="button" class="tool" aria-label="Close" onClick={close}>
          <Icon name="close" size={20} />
        </button>
      </header>
      <div class="inside">{given.children}</div>
    </aside>
  );
}

type Fact = [name: string, value: ComponentChildren];

/** Names and values, one below the other; `false` leaves a fact out. */
export function Facts({ facts }: { facts: (Fact | false)[] }) {
  return (
    <dl class="facts">
      {facts.map(
        (fact) =>
          fact && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
