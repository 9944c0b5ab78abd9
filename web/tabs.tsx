import { useEffect, useRef } from "preact/hooks";

type Props<Name extends string> = {
  label: string;
  class?: string;
  names: readonly Name[];
  value: Name;
  change(name: Name): void;
};

const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };

/** Tabs: one is in the Tab order, and arrow keys, Home and End select the others. */
export function Tabs<Name extends string>({ label, names, value, change, ...given }: Props<Name>) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const row = list.current;
    const tab = row?.querySelector("[aria-selected=true]");
    if (!row || !tab) return;
    // On a narrow page the row scrolls. `scrollIntoView` would also move the page, and the place
    // from which Tab goes on.
    const [outer, inner] = [row.getBoundingClientRect(), tab.getBoundingClientRect()];
    row.scrollLeft += Math.max(0, inner.right - outer.right) - Math.max(0, outer.left - inner.left);
  }, [value]);
  const press = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const { key, currentTarget } = event;
    const at = names.indexOf(value);
    const to =
      key === "Home" ? 0 : key === "End" ? names.length - 1 : at + (steps[key] ?? Number.NaN);
    const place = (to + names.length) % names.length;
    const name = names[place];
    if (name === undefined) return;
    event.preventDefault();
    change(name);
    (currentTarget.children[place] as HTMLElement).focus();
  };
  return (
    <div
      ref={list}
      class={given.class ?? "tabs"}
      role="tablist"
      aria-label={label}
      tabIndex={-1}
      onKeyDown={press}
    >
      {names.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === value}
          tabIndex={name === value ? 0 : -1}
          onClick={() => change(name)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
