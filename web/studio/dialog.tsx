import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.ts";

type Props = { title: string; kind: string; close(): void; children: ComponentChildren };

/** A modal dialog with a title and a close button. */
export function Dialog({ title, kind, close, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the page is drawn: a key pressed at once belongs to the dialog, not to what is below it.
  useLayoutEffect(() => {
    dialog.current!.showModal();
    dialog.current?.querySelector<HTMLElement>("form .input")?.focus();
  }, []);
  return (
    <dialog ref={dialog} class={`dialog ${kind}`} aria-label={title} onClose={close}>
      <header>
        <h2>{title}</h2>
        <button
          type="button"
          class="tool"
          aria-label="Close"
          onClick={() => dialog.current!.close()}
        >
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
