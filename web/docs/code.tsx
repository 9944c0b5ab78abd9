import { useSignal } from "@preact/signals";
import { Icon } from "./icons.ts";

const copiedMilliseconds = 2_000;

/** Code under its title, with a button that copies it. */
export function Code({ title, text, copies }: { title: string; text: string; copies?: string }) {
  const state = useSignal<"idle" | "copied" | "failed">("idle");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      state.value = "copied";
    } catch {
      // Pages of a plain-http address have no clipboard.
      state.value = "failed";
    }
    setTimeout(() => {
      state.value = "idle";
    }, copiedMilliseconds);
  };
  const says = { idle: copies ?? "", copied: "Copied", failed: "Select it by hand" };
  return (
    <figure class="code">
      <figcaption>
        {title}
        {copies !== undefined && (
          <button type="button" class="link" onClick={() => void copy()}>
            <Icon name={state.value === "copied" ? "check" : "copy"} />
            <span aria-live="polite">{says[state.value]}</span>
          </button>
        )}
      </figcaption>
      <pre>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
