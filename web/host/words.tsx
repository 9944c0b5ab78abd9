import { bindSignal } from "../draft.ts";
import { useDraft } from "../kept-drafts.ts";
import { Field } from "./fields.tsx";

type Props = {
  words: readonly string[];
  change(edit: (words: readonly string[]) => string[]): Promise<boolean>;
};

/** Words that messages must not contain. */
export function BlockedWords({ words, change }: Props) {
  const text = useDraft("blocked words", "");
  const add = async () => {
    const added = text.value
      .split(/[,\n]+/)
      .map((word) => word.trim())
      .filter(Boolean);
    if (added.length === 0) return;
    // At once, since the next word may be typed before the answer.
    const typed = text.value;
    text.value = "";
    const isSaved = await change((before) => [...new Set([...before, ...added])]);
    if (!isSaved && text.peek() === "") text.value = typed;
  };
  return (
    <>
      <form
        class="host-line"
        aria-label="Add blocked words"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <Field name="Word or phrase" {...bindSignal(text)} />
        <button type="submit" class="button primary">
          Add
        </button>
      </form>
      {words.length === 0 && <p class="quiet">No blocked words</p>}
      <ul class="host-words" aria-label="Blocked words">
        {words.map((word) => (
          <li key={word}>
            <bdi>{word}</bdi>
            <button
              type="button"
              aria-label={`Remove ${word}`}
              onClick={() => void change((before) => before.filter((one) => one !== word))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
