import { useSignal } from "@preact/signals";
import { bindSignal } from "../draft.ts";
import { Field } from "../host/fields.tsx";
import { type Found, useUserSearch } from "../host/user-search.ts";
import { call, refusedOf } from "./api.ts";
import { PlainForm } from "./form.tsx";
import { formatted, PersonCell, Refusal } from "./ui.tsx";

const creditsMax = 1_000_000_000;

/** The problem with a number of credits, if any. */
export const problemOf = (text: string, min: number) =>
  text.trim() !== "" && Number.isInteger(+text) && +text >= min && +text <= creditsMax
    ? undefined
    : `Enter a whole number from ${formatted(min)} to ${formatted(creditsMax)}`;

/** A segmented control. */
export function SegmentedControl<Value extends string>(given: {
  name: string;
  value: Value;
  choices: readonly (readonly [value: Value, title: string])[];
  change(value: Value): void;
}) {
  return (
    <fieldset class="choice">
      <legend class="hidden">{given.name}</legend>
      {given.choices.map(([value, title]) => (
        <button
          key={value}
          type="button"
          aria-pressed={given.value === value}
          onClick={() => given.change(value)}
        >
          {title}
        </button>
      ))}
    </fieldset>
  );
}

/** Opens an item by its ID, even if no list shows it. */
export function IdField({ name, take }: { name: string; take(id: string): void }) {
  const id = useSignal("");
  return (
    <PlainForm name="Open by ID" submit={() => id.value.trim() && take(id.value.trim())}>
      <Field name={name} {...bindSignal(id)} />
    </PlainForm>
  );
}

/** Finds a user by the start of a name. */
export function UserField(given: {
  name: string;
  choose(user: Found): void;
  problem?: string | undefined;
}) {
  const { text, found, error } = useUserSearch(call);
  return (
    <div class="finder">
      <Field
        name={given.name}
        type="search"
        {...bindSignal(text)}
        problem={given.problem}
        {...(found === undefined && { says: "Start of a name or username" })}
      />
      {error !== undefined && <Refusal refused={refusedOf(error)} />}
      {found && (
        <ul class="found" aria-label="Search results">
          {found.map((user) => (
            <li key={user._id}>
              <button
                type="button"
                class="item"
                onClick={() => {
                  text.value = "";
                  given.choose(user);
                }}
              >
                <PersonCell person={user} />
              </button>
            </li>
          ))}
          {found.length === 0 && <li class="quiet none">No users match</li>}
        </ul>
      )}
    </div>
  );
}
