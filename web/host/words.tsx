import { useSignal } from "@preact/signals";
import { useDraft } from "../kept-drafts.ts";
import { ErrorText } from "./action.tsx";
import { Field } from "./fields.tsx";

type Props = {
  words: readonly string[];
  change(edit: (words: readonly string[]) => string[]): Promise<boolean>;
};

/** The longest word that the API takes, in code points. */
const wordMax = 50;
const wordsMax = 200;

/** What is wrong with a list of words; empty if nothing is. */
function problemOf(words: readonly string[]): string {
  const long = words.find((word) => [...word].length > wordMax);
  if (long !== undefined) return `“${long}” is longer than ${wordMax} characters`;
  return words.length > wordsMax ? `You can block at most ${wordsMax} words` : "";
}

/** Words that messages must not contain. */
export function BlockedWords({ words, change }: Props) {
  const text = useDraft("blocked words", "");
  const problem = useSignal("");
  const add = async () => {
    const added = text.value
      .split(/[,\n]+/)
      .map((word) => word.trim())
      .filter(Boolean);
    if (added.length === 0) return;
    problem.value = problemOf([...new Set([...words, ...added])]);
    if (problem.value !== "") return;
    // Emptied at once, since the next word may be typed before the response arrives.
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
        <Field
          name="Word or phrase"
          value={text.value}
          change={(value) => {
            text.value = value;
            problem.value = "";
          }}
        />
        <button type="submit" class="button primary">
          Add
        </button>
      </form>
      <ErrorText text={problem.value} />
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
