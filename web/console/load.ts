import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Refused, refusedOf } from "./api.ts";

/** What a view has read, or why it could not. */
export type Loaded<Value> = {
  value: Value | undefined;
  refused: Refused | undefined;
  /** Reads it again; what was read before stays until then. Never rejects. */
  reload(): Promise<void>;
  /** Puts what a call answered into the place of what was read before; false if nothing was. */
  change(change: (value: Value) => Value): boolean;
};

/** Reads something, and again whenever `of` is another; what comes too late is dropped. */
export function useLoad<Value>(of: string, read: () => Promise<Value>): Loaded<Value> {
  const state = useSignal<{ of: string; value?: Value; refused?: Refused }>({ of });
  const turn = useRef(0);
  const load = () => {
    const own = ++turn.current;
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
      // What was read may have changed since this view was drawn.
      const now = state.peek();
      if (now.of !== of || now.value === undefined) return false;
      state.value = { of, value: change(now.value) };
      return true;
    },
  };
}
