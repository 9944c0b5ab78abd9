import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Refused, refusedOf } from "./api.ts";

/** The result of a view's request, or why it failed. */
export type Loaded<Value> = {
  value: Value | undefined;
  refused: Refused | undefined;
  /** Reloads; the previous value stays until then, a refusal does not. Never rejects. */
  reload(): Promise<void>;
  /** Updates the loaded value with a call's result; returns false if there is none. */
  change(change: (value: Value) => Value): boolean;
};

/** Loads a value, and again whenever `of` changes; late responses are dropped. */
export function useLoad<Value>(of: string, read: () => Promise<Value>): Loaded<Value> {
  const state = useSignal<{ of: string; value?: Value; refused?: Refused }>({ of });
  const turn = useRef(0);
  const load = () => {
    const own = ++turn.current;
    // Hides the refusal, so that the user sees the new attempt begin.
    if (state.peek().refused) state.value = { of };
    return read().then(
      (value) => {
        if (own === turn.current) state.value = { of, value };
      },
      (error: unknown) => {
        if (own === turn.current) state.value = { of, refused: refusedOf(error) };
      },
    );
  };
  useEffect(() => void load(), [of]);
  const { value, refused } = state.value.of === of ? state.value : {};
  return {
    value,
    refused,
    reload: load,
    change(change) {
      // The value may have changed since this view was rendered.
      const now = state.peek();
      if (now.of !== of || now.value === undefined) return false;
      state.value = { of, value: change(now.value) };
      return true;
    },
  };
}
