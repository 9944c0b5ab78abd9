import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { FormContext } from "../host/fields.tsx";
import { type Action, ask, CallBox, perform, type ShowRefusal } from "./actions.tsx";
import type { Refused } from "./api.ts";
import { Refusal } from "./ui.tsx";

/** A form's state: whether it was submitted, and the refusal by field. */
type FormState = { isSent: boolean; refused?: Refused; field?: string };

type FormProps = {
  name: string;
  /** The action it performs; undefined while the input is incomplete. */
  action: Action | undefined;
  /** Its button; default: the verb of the action. */
  verb?: string;
  /** Whether to ask for confirmation first. */
  asks?: boolean;
  isQuiet?: boolean;
  /** Nothing has changed, so there is nothing to send. */
  isUnchanged?: boolean;
  children: ComponentChildren;
};

/**
 * Fields and a submit button, which is disabled while a call is under way. Problems are shown at
 * their fields: both those found before submitting, and the API's refusals by field name.
 */
export function Form({ name, action, asks, isQuiet, children, ...given }: FormProps) {
  const state = useSignal<FormState>({ isSent: false });
  const isBusy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const send = async (action: Action) => {
    isBusy.value = true;
    await perform(action, show);
    isBusy.value = false;
  };
  const show: ShowRefusal = (refused) => {
    const [field = ""] = /^\w+/.exec(refused.says) ?? [];
    const input = form.current?.querySelector<HTMLInputElement>(`[data-field="${field}"]`);
    state.value = { isSent: true, refused, ...(input && { field }) };
    input?.focus();
    return input != null || !asks;
  };
  const submit = () => {
    const wrong = form.current?.querySelector<HTMLInputElement>("[data-problem]");
    state.value = { isSent: true };
    const sent: Action | undefined = action && {
      ...action,
      done(answer) {
        // First: the view may empty the form for the next call.
        state.value = { isSent: false };
        return action.done(answer);
      },
    };
    if (wrong) wrong.focus();
    else if (sent && asks) ask(sent, show);
    else if (sent) void send(sent);
  };
  const { refused, field } = state.value;
  const verb = given.verb ?? action?.verb ?? "Save";
  return (
    <form
      ref={form}
      class="form"
      aria-label={name}
      onInput={() => {
        if (refused) state.value = { isSent: true };
      }}
      onSubmit={(event) => {
        event.preventDefault();
        if (!given.isUnchanged && !isBusy.peek()) submit();
      }}
    >
      <FormContext.Provider value={state}>{children}</FormContext.Provider>
      {action && <CallBox request={action.request} />}
      {refused && field === undefined && <Refusal refused={refused} />}
      <button
        type="submit"
        class={isQuiet ? "button outlined" : "button primary"}
        aria-disabled={given.isUnchanged === true || isBusy.value}
      >
        {asks ? `${verb}…` : verb}
      </button>
    </form>
  );
}

/** A form without an API call. */
export function PlainForm(given: { name: string; submit(): void; children: ComponentChildren }) {
  return (
    <form
      class="form"
      aria-label={given.name}
      onSubmit={(event) => {
        event.preventDefault();
        given.submit();
      }}
    >
      {given.children}
    </form>
  );
}
