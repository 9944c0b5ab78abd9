import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useId } from "preact/hooks";
import { useChoice } from "./action.tsx";

/** A form's state: whether it was submitted, and the refusal by field. */
type FormState = { isSent: boolean; refused?: { says: string }; field?: string };
export const FormContext = createContext<ReadonlySignal<FormState> | undefined>(undefined);

type FieldProps = {
  name: string;
  value: string;
  change(value: string): void;
  says?: string;
  placeholder?: string;
  type?: keyof typeof kinds;
  /**
   * What is wrong with the value, shown once the form has been submitted. Not on blur: the message
   * would move the button away while the user presses it.
   */
  problem?: string | undefined;
  /** Its name in the API, with which refusals start. */
  field?: string;
};

/** Numbers and URLs are text inputs, so that invalid values can be explained. */
const kinds = {
  text: { type: "text" },
  search: { type: "search" },
  number: { type: "text", inputMode: "numeric" },
  url: { type: "text", inputMode: "url" },
} as const;

/** A text input with its label above and its problem below. */
export function Field({ name, value, change, says, type = "text", ...given }: FieldProps) {
  const id = useId();
  const form = useContext(FormContext)?.value;
  const refused = given.field !== undefined && form?.field === given.field && form.refused?.says;
  const wrong = refused || (form?.isSent && given.problem) || undefined;
  const below = wrong ?? says;
  return (
    <div class={wrong ? "field is-wrong" : "field"}>
      <label for={id}>{name}</label>
      <input
        id={id}
        class="input"
        {...kinds[type]}
        autocomplete="off"
        placeholder={given.placeholder}
        value={value}
        data-field={given.field}
        data-problem={given.problem}
        aria-invalid={wrong !== undefined}
        aria-describedby={below === undefined ? undefined : `${id}-says`}
        onInput={(event) => change(event.currentTarget.value)}
      />
      {below !== undefined && (
        <p id={`${id}-says`} class={wrong ? "bad" : "quiet"} role={wrong ? "alert" : undefined}>
          {below}
        </p>
      )}
    </div>
  );
}

/** A select with its label above. */
export function Select<Value extends string>(given: {
  name: string;
  value: Value;
  /** Titles by value; numbers are in ascending order, before other values. */
  choices: Readonly<Record<Value, string>>;
  change(value: Value): unknown;
  /** Its label is on the same line, as for a switch. */
  isInline?: boolean;
}) {
  const id = useId();
  const [shown, choose] = useChoice(given.value, given.change);
  return (
    <div class={given.isInline ? "rule" : "field"}>
      <label for={id}>{given.name}</label>
      <select
        id={id}
        value={shown}
        onChange={(event) => void choose(event.currentTarget.value as Value)}
      >
        {Object.entries<string>(given.choices).map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}
