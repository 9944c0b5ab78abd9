import type { ComponentChildren } from "preact";

type Props = {
  class: string;
  /** The slot of the element around it. */
  slot?: string;
  /** The button that opens it. */
  summary: ComponentChildren;
  children: ComponentChildren;
};

/** Content below a button. It closes by Escape, by a chosen item, and when the focus leaves. */
export function Popover({ summary, children, ...given }: Props) {
  return (
    <details
      {...given}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget as Node | null)) currentTarget.open = false;
      }}
      onClickCapture={({ target, currentTarget }) => {
        // Before the item acts: a dialog that it opens will return the focus to the button.
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
