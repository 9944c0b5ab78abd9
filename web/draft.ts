import type { Signal } from "@preact/signals";

/** The fields of a form's draft that differ from another one. */
export const changesOf = <Draft extends object>(from: Draft, to: Draft): Partial<Draft> =>
  Object.fromEntries(
    Object.entries(to).filter(([name, value]) => from[name as keyof Draft] !== value),
  ) as Partial<Draft>;

/** A draft once it is saved: what was typed after it was sent stays. */
export const savedDraft = <Draft extends object>(sent: Draft, saved: Draft, now: Draft): Draft => ({
  ...saved,
  ...changesOf(sent, now),
});

/** Changes some fields of a draft. */
export const updaterOf =
  <Draft extends object>(draft: Signal<Draft>) =>
  (change: Partial<Draft>): void => {
    draft.value = { ...draft.value, ...change };
  };

/** Properties of a control that shows a signal and sets it. */
export const bindSignal = <Value extends string>(signal: Signal<Value>) => ({
  value: signal.value,
  change(value: Value) {
    signal.value = value;
  },
});
