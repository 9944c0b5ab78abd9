import type { ComponentChildren } from "preact";

type Props = {
  class: string;
  /** The slot of the element around it. */
  slot?: string;
  /** The button that opens it. */
  summary: ComponentChildren;
  children: ComponentChildren;
};

/** What floats below a button. It closes with Escape, a chosen item, and when the focus leaves. */
export function Popover({ summary, children, ...given }: Props) {
  return (
    <details
      {...given}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget as Node | null)) currentTarget.open = false;
      }}
      onClickCapture={({ target, currentTarget }) => {
        // Before the item acts: what it opens takes the focus, and gives it back.
        if (!(target as Element).closest(".item")) return;
        currentTarget.open = false;
        currentTarget.querySelector("summary")?.focus();
      }}
      onKeyDown={({ key, currentTarget }) => {
        if (key !== "Escape") return;
        currentTarget.open = false;
        currentTarget.querySelector("summary")?.focus();
      }}
    >
      {summary}
      <div class="float">{children}</div>
    </details>
  );
}
