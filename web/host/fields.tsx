import { useId } from "preact/hooks";

/** A text input with a label above. */
export function Line(given: {
  name: string;
  value: string;
  change(value: string): void;
  placeholder?: string;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{given.name}</label>
      <input
        id={id}
        class="input"
        autocomplete="off"
        placeholder={given.placeholder}
        value={given.value}
        onInput={(event) => given.change(event.currentTarget.value)}
      />
    </div>
  );
}

/** A select. */
export function Pick<Value extends string>(given: {
  name: string;
  of: Record<Value, string>;
  value: string;
  pick(value: Value): void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{given.name}</label>
      <select
        id={id}
        value={given.value}
        onChange={(event) => given.pick(event.currentTarget.value as Value)}
      >
        {Object.entries<string>(given.of).map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}
