import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { CopyButton } from "../copy-button.tsx";
import { type ApiRequest, curlLineOf, type Refused, type Request, refusedOf } from "./api.ts";
import { Confirmation } from "./confirmation.tsx";
import { Icon } from "./icons.ts";
import { session } from "./session.ts";
import { Refusal } from "./ui.tsx";

/** An action of the user that makes one API call. */
export type Action = {
  /** The title of the confirmation: "Mute ann in Demo stream". */
  title: string;
  /** The consequences, for actions that need a confirmation. */
  warns?: string;
  /** The button's label. */
  verb: string;
  request: ApiRequest;
  /** Updates the view with the response; returns the text of the toast. */
  done(answer: unknown): string;
  /** The action that undoes it, if the API has one. */
  undo?(answer: unknown): Action;
};

/** Shows a refusal where the action started, such as at a field; returns whether it could. */
export type ShowRefusal = (refused: Refused) => boolean;

const question = signal<{ action: Action; show: ShowRefusal } | undefined>(undefined);
type Toast = { id: number; says: string; refused?: Refused; undo?: Action };
const toasts = signal<Toast[]>([]);
let next = 1;
const toastMilliseconds = 12_000;

/** Shows a toast for some seconds. */
export function showToast(toast: Omit<Toast, "id">): void {
  const id = next++;
  toasts.value = [...toasts.value, { ...toast, id }];
  forgetSoon(id);
}

/** Removes a toast later, but not while one has the pointer or the focus: it may have an undo. */
const forgetSoon = (id: number) => {
  const isUsed = () => document.querySelector(".toasts:is(:hover, :focus-within)") !== null;
  setTimeout(() => (isUsed() ? forgetSoon(id) : forget(id)), toastMilliseconds);
};

const forget = (id: number) => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

// The next user of the tab neither confirms nor undoes the actions of the one before.
session.subscribe(() => {
  question.value = undefined;
  toasts.value = [];
});

const asToast = (action: Action) => (refused: Refused) => {
  showToast({
    says: `Couldn't ${action.title.replace(/^./, (first) => first.toLowerCase())}`,
    refused,
  });
  return true;
};

/**
 * Calls without a response yet: pressing a button twice sends one. Changes of the same fields are
 * sent one after the other, because the server would keep the one that arrives last.
 */
const running = new Map<string, { name: string; answer: Promise<unknown> }>();

/** Performs an action without asking; returns whether it succeeded before the session ended. */
export async function perform(action: Action, show: ShowRefusal = asToast(action)) {
  const { method, path, body, run } = action.request;
  const name = JSON.stringify(action.request);
  const about = method === "PATCH" ? JSON.stringify([path, Object.keys(body ?? {})]) : name;
  const before = running.get(about);
  if (before?.name === name) return false;
  const by = session.peek();
  const send = async () => {
    await before?.answer.catch(() => {});
    if (session.peek() !== by) throw new Error("The session has ended");
    return run();
  };
  const own = { name, answer: send() };
  running.set(about, own);
  try {
    const answer = await own.answer;
    if (session.peek() !== by) return false;
    showToast({ says: action.done(answer), ...(action.undo && { undo: action.undo(answer) }) });
    return true;
  } catch (error) {
    if (session.peek() === by) show(refusedOf(error));
    return false;
  } finally {
    if (running.get(about) === own) running.delete(about);
  }
}

/** Asks for a confirmation first: for everything destructive. */
export function ask(action: Action, show: ShowRefusal = () => false): void {
  question.value = { action, show };
}

/** A call as sent to the API, and as a curl command. */
export function CallBox({ request }: { request: Request }) {
  const { method, path, body, files } = request;
  return (
    <div class="call">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scroll areas need a keyboard stop. */}
      <pre tabIndex={0}>
        <b>{method}</b> {path}
        {body !== undefined && `\n${JSON.stringify(body, null, 2)}`}
        {files !== undefined && `\n${JSON.stringify(files, null, 2)}`}
      </pre>
      <CopyButton text={() => curlLineOf(request)} label="Copy as curl">
        <Icon name="copy" />
      </CopyButton>
    </div>
  );
}

/** The confirmation of an action: names it, shows its API call, and why it was refused. */
export function Question() {
  const asked = question.value;
  const isBusy = useSignal(false);
  const refused = useSignal<Refused | undefined>(undefined);
  useLayoutEffect(() => {
    refused.value = undefined;
    isBusy.value = false;
  }, [asked]);
  if (asked === undefined) return null;
  const { action, show } = asked;
  // The browser's close event comes later, when another question may be open.
  const close = () => {
    if (question.peek() === asked) question.value = undefined;
  };
  const showHere = (why: Refused) => {
    // The question was closed while the call was under way.
    if (question.peek() !== asked) return asToast(action)(why);
    if (show(why)) return true;
    refused.value = why;
    return false;
  };
  const confirm = async () => {
    if (isBusy.peek()) return;
    isBusy.value = true;
    let isShown = true;
    await perform(action, (why) => {
      isShown = showHere(why);
      return isShown;
    });
    if (question.peek() !== asked) return;
    isBusy.value = false;
    if (isShown) close();
  };
  const labels = { title: `${action.title}?`, back: "Go back", verb: action.verb };
  return (
    <Confirmation {...labels} isBusy={isBusy.value} close={close} confirm={confirm}>
      <p class="quiet">{action.warns}</p>
      <CallBox request={action.request} />
      {refused.value && <Refusal refused={refused.value} />}
    </Confirmation>
  );
}

/** The toasts, each with its undo, the newest in view. */
export function Toasts() {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => list.current?.scrollTo(0, list.current.scrollHeight), [toasts.value]);
  return (
    <div ref={list} class="toasts" role="status">
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
