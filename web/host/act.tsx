import { useSignal } from "@preact/signals";
import type { Client } from "../../client/index.ts";
import { reasonOf } from "../chat/reason.ts";

/** The API that these pages use, as a host or a moderator. */
export type Host = Pick<Client, "call" | "subscribe">;

/** Runs calls one at a time, and keeps the error of the last one. */
export function useAct() {
  const errorText = useSignal("");
  const isBusy = useSignal(false);
  const act = async (action: () => Promise<unknown>): Promise<boolean> => {
    if (isBusy.peek()) return false;
    isBusy.value = true;
    try {
      await action();
      errorText.value = "";
    } catch (error) {
      errorText.value = reasonOf(error);
    }
    isBusy.value = false;
    return errorText.peek() === "";
  };
  return { act, errorText: errorText.value, isBusy: isBusy.value };
}

/** A call's error, in the API's words. */
export const ErrorText = ({ text }: { text: string }) =>
  text === "" ? null : (
    <p class="host-error bad" role="alert">
      {text}
    </p>
  );

/** A placeholder for a few rows. */
export const Waiting = () => (
  <div class="host-waiting" aria-busy="true" role="status">
    <span class="hidden">Loading</span>
    <i />
    <i />
    <i />
  </div>
);

/** A button that asks on the first press and acts on the second. */
export function SureButton({ verb, act }: { verb: string; act(): void }) {
  const isAsked = useSignal(false);
  return (
    <button
      type="button"
      class={isAsked.value ? "button danger" : "button"}
      onBlur={() => {
        isAsked.value = false;
      }}
      onClick={() => {
        if (isAsked.value) act();
        isAsked.value = !isAsked.value;
      }}
    >
      {isAsked.value ? `Confirm ${verb.toLowerCase()}` : verb}
    </button>
  );
}
