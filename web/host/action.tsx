import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Client } from "../../client/index.ts";
import { reasonOf } from "../chat/reason.ts";
import { type Keys, keepKey, keyOf } from "../new-key.ts";

/** The API that these pages use, as a host or a moderator. */
export type Host = Pick<Client, "call" | "subscribe">;

/**
 * Runs calls, and keeps the error of each until the same one succeeds; the latest is shown. While
 * an action runs, another press of it does nothing; `about` tells actions apart, so that one never
 * swallows another. An action that has failed gets the same idempotency key again for the same
 * `input`.
 */
export function useAction() {
  const errors = useSignal<ReadonlyMap<string, string>>(new Map());
  const running = useSignal<readonly string[]>([]);
  const failed = useRef(new Map<string, Keys>());
  const act = async (
    action: (key: string) => Promise<unknown>,
    about = "",
    input = "",
  ): Promise<boolean> => {
    if (running.peek().includes(about)) return false;
    running.value = [...running.peek(), about];
    let reason = "";
    const keys: Keys = failed.current.get(about) ?? new Map();
    failed.current.set(about, keys);
    try {
      const key = keyOf(keys, input);
      keepKey(keys, input, key);
      await action(key);
      failed.current.delete(about);
    } catch (error) {
      reason = reasonOf(error);
    }
    const others = [...errors.peek()].filter(([one]) => one !== about);
    errors.value = new Map(reason === "" ? others : [...others, [about, reason]]);
    running.value = running.peek().filter((one) => one !== about);
    return reason === "";
  };
  const forget = () => {
    errors.value = new Map();
  };
  const errorText = [...errors.value.values()].at(-1) ?? "";
  return { act, forget, errorText, isBusy: running.value.length > 0 };
}

/**
 * What a control shows: the stored value, or the user's choice until `change` has settled. A
 * browser keeps showing a choice that was refused; only a render restores the stored value.
 */
export function useChoice<Value>(stored: Value, change: (value: Value) => unknown) {
  const chosen = useSignal<{ value: Value } | undefined>(undefined);
  const choose = async (value: Value) => {
    const own = { value };
    chosen.value = own;
    await change(value);
    // Otherwise a later choice is still being saved.
    if (chosen.peek() === own) chosen.value = undefined;
  };
  return [chosen.value === undefined ? stored : chosen.value.value, choose] as const;
}

/** A call's error, in the API's words; `retry` repeats a read without which there is no content. */
export const ErrorText = ({ text, retry }: { text: string; retry?: (() => void) | undefined }) =>
  text === "" ? null : (
    <div class="host-error">
      <p class="bad" role="alert">
        {text}
      </p>
      {retry && (
        <button type="button" class="button outlined" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );

/** A button that reads the next page of a list. */
export const MoreButton = ({ isBusy, more }: { isBusy: boolean; more(): unknown }) => (
  <button
    type="button"
    class="button"
    aria-disabled={isBusy}
    onClick={() => void (isBusy || more())}
  >
    More
  </button>
);

/** A placeholder for a few rows, shown after 200 ms, so that fast loads do not flicker. */
export const LoadingRows = () => (
  <div class="host-waiting" aria-busy="true" role="status">
    <span class="hidden">Loading</span>
    <i />
    <i />
    <i />
  </div>
);

/**
 * A button that asks on the first press and acts on the second; a double click is one press.
 * `about` is the id of an element that names what it acts on, for screen readers.
 */
export function ConfirmButton({ verb, act, about }: { verb: string; act(): void; about?: string }) {
  const isAsked = useSignal(false);
  return (
    <button
      type="button"
      class={isAsked.value ? "button danger" : "button"}
      aria-describedby={about}
      onBlur={() => {
        isAsked.value = false;
      }}
      onClick={({ detail }) => {
        if (detail > 1) return;
        if (isAsked.value) act();
        isAsked.value = !isAsked.value;
      }}
    >
      {isAsked.value ? `${verb}?` : verb}
    </button>
  );
}
