import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type ApiRequest, curlLineOf, type Refused, type Request, refusedOf } from "./api.ts";
import { Icon } from "./icons.ts";
import { Refusal } from "./ui.tsx";

/** An action of the user that makes one API call. */
export type Action = {
  /** What it does, as the confirmation names it: "Mute ann in Demo stream". */
  title: string;
  /** The consequences, for actions that need a confirmation. */
  warns?: string;
  /** The button's label. */
  verb: string;
  request: ApiRequest;
  /** Updates the view with the answer; returns the text of the toast. */
  done(answer: never): string;
  /** The action that undoes it, if the API has one. */
  undo?(answer: never): Action;
};

const question = signal<Action | undefined>(undefined);
type Toast = { id: number; says: string; refused?: Refused; undo?: Action };
const toasts = signal<Toast[]>([]);
let next = 1;
const toastMilliseconds = 12_000;

/** Shows a toast for some seconds. */
export function showToast(toast: Omit<Toast, "id">): void {
  const id = next++;
  toasts.value = [...toasts.value.slice(-2), { ...toast, id }];
  setTimeout(() => forget(id), toastMilliseconds);
}

const forget = (id: number) => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

/** Performs an action without asking; returns whether it succeeded. */
export async function perform(action: Action): Promise<boolean> {
  try {
    const answer = await action.request.run<never>();
    showToast({ says: action.done(answer), ...(action.undo && { undo: action.undo(answer) }) });
    return true;
  } catch (error) {
    showToast({ says: `Failed: ${action.title}`, refused: refusedOf(error) });
    return false;
  }
}

/** Asks for a confirmation first: for everything destructive. */
export function ask(action: Action): void {
  question.value = action;
}

const copied = (text: string) => navigator.clipboard?.writeText(text).catch(() => {});

/** A call as it goes to the API, and as a line for a shell. */
export function CallBox({ request }: { request: Request }) {
  const isCopied = useSignal(false);
  const { method, path, body, files } = request;
  return (
    <div class="call">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
      <pre tabIndex={0}>
        <b>{method}</b> {path}
        {body !== undefined && `\n${JSON.stringify(body, null, 2)}`}
        {files !== undefined && `\n${JSON.stringify(files, null, 2)}`}
      </pre>
      <button
        type="button"
        class="button"
        onClick={() => {
          void copied(curlLineOf(request));
          isCopied.value = true;
        }}
      >
        <Icon name="copy" /> {isCopied.value ? "Copied" : "Copy as curl"}
      </button>
    </div>
  );
}

/** The confirmation dialog: it names the action and shows its API call. */
export function Question() {
  const action = question.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const isBusy = useSignal(false);
  useEffect(() => {
    if (action !== undefined && dialog.current?.open === false) dialog.current.showModal();
  }, [action]);
  if (action === undefined) return null;
  const close = () => {
    dialog.current?.close();
    question.value = undefined;
  };
  const confirm = async () => {
    isBusy.value = true;
    await perform(action);
    isBusy.value = false;
    close();
  };
  return (
    <dialog ref={dialog} class="question" aria-labelledby="question" onClose={close}>
      <h2 id="question">
        <bdi>{action.title}?</bdi>
      </h2>
      <p class="quiet">{action.warns}</p>
      <CallBox request={action.request} />
      <footer>
        <button type="button" class="button" onClick={close}>
          Go back
        </button>
        <button type="button" class="button filled" disabled={isBusy.value} onClick={confirm}>
          {action.verb}
        </button>
      </footer>
    </dialog>
  );
}

/** The toasts, each with its undo. */
export function Toasts() {
  return (
    <div class="toasts" role="status">
      {toasts.value.map(({ id, says, refused, undo }) => (
        <div key={id} class="toast">
          <div>
            <bdi>{says}</bdi>
            {refused && <Refusal refused={refused} />}
          </div>
          {undo && (
            <button
              type="button"
              class="link"
              onClick={() => {
                forget(id);
                void perform(undo);
              }}
            >
              Undo
            </button>
          )}
          <button type="button" class="tool" aria-label="Dismiss" onClick={() => forget(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
