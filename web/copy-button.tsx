import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { copyText } from "./copy.ts";

const shownMilliseconds = 2_000;
const says = { idle: "", copied: "Copied", failed: "Copy failed: select the text" };

/** Copies a text and shows the result; `text` is computed on demand. */
export function CopyButton(given: {
  text: string | (() => string);
  label?: string;
  class?: string;
  children?: ComponentChildren;
}) {
  const { text, label = "Copy", class: name = "button", children } = given;
  const state = useSignal<keyof typeof says>("idle");
  const copy = async () => {
    const isCopied = await copyText(typeof text === "string" ? text : text());
    state.value = isCopied ? "copied" : "failed";
    setTimeout(() => {
      state.value = "idle";
    }, shownMilliseconds);
  };
  return (
    <button type="button" class={name} onClick={() => void copy()}>
      {children} <span aria-live="polite">{says[state.value] || label}</span>
    </button>
  );
}
