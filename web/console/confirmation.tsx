import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

type DialogProps = {
  title: string;
  /** The label of the button that closes it. */
  back: string;
  verb: string;
  isBusy?: boolean;
  close(): void;
  confirm(): unknown;
  children?: ComponentChildren;
};

/** A dialog that asks before an action. */
export function Confirmation({ title, back, verb, isBusy = false, close, ...given }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the page is drawn, so that a key pressed at once belongs to the dialog.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="question"
      aria-labelledby="question"
      onClose={close}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <h2 id="question">
        <bdi>{title}</bdi>
      </h2>
      {given.children}
      <footer>
        <button type="button" class="button" autofocus onClick={close}>
          {back}
        </button>
        <button type="button" class="button filled" aria-disabled={isBusy} onClick={given.confirm}>
          {verb}
        </button>
      </footer>
    </dialog>
  );
}
