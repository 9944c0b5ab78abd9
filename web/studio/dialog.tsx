import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.ts";

type Props = { title: string; kind: string; close(): void; children: ComponentChildren };

/** A modal dialog with a title and a close button. */
export function Dialog({ title, kind, close, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the page is drawn: a key pressed at once belongs to the dialog, not to what is below it.
  useLayoutEffect(() => {
    const shown = dialog.current!;
    shown.showModal();
    shown.querySelector<HTMLElement>("form .input")?.focus();
    return () => shown.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${kind}`}
      aria-label={title}
      onCancel={(event) => {
        // A file input sends this event, too, when its user picks no file.
        if (event.target !== dialog.current) return;
        event.preventDefault();
        close();
      }}
      // The browser's close event comes later, when this dialog may be gone and another one open.
      onClose={() => dialog.current && close()}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" class="tool" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
