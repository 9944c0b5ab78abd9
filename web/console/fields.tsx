import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { CallResult } from "../../client/index.ts";
import { Field } from "../host/fields.tsx";
import { call, type Refused, refusedOf } from "./api.ts";
import { PlainForm } from "./form.tsx";
import { formatted, PersonCell, Refusal } from "./ui.tsx";

/** The problem with a number of credits, if any. */
export const problemOf = (text: string, min: number, max = 1_000_000_000) =>
  text.trim() !== "" && Number.isInteger(+text) && +text >= min && +text <= max
    ? undefined
    : `Enter a whole number from ${formatted(min)} to ${formatted(max)}`;

/** A segmented control. */
export function Choice<Value extends string>(given: {
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
      <Field
        name={name}
        value={id.value}
        change={(value) => {
          id.value = value;
        }}
      />
    </PlainForm>
  );
}

const searchMilliseconds = 200;

export type Found = CallResult<"GET /api/v1/users/search">["list"][number];

/** Finds a user by the start of a name. */
export function UserField(given: {
  name: string;
  choose(user: Found): void;
  problem?: string | undefined;
}) {
  const text = useSignal("");
  const found = useSignal<readonly Found[] | undefined>(undefined);
  const refused = useSignal<Refused | undefined>(undefined);
  useEffect(() => {
    const q = text.value.trim();
    const show = (list?: readonly Found[], why?: Refused) => {
      if (text.value.trim() === q) [found.value, refused.value] = [list, why];
    };
    if (q === "") return show();
    const timer = setTimeout(() => {
      const query = { q, limit: 6 };
      call("GET /api/v1/users/search", { query }).then(
        ({ list }) => show(list),
        (error: unknown) => show(undefined, refusedOf(error)),
      );
    }, searchMilliseconds);
    return () => clearTimeout(timer);
  }, [text.value, text, found]);
  return (
    <div class="finder">
      <Field
        name={given.name}
        type="search"
        value={text.value}
        problem={given.problem}
        change={(value) => {
          text.value = value;
        }}
        {...(found.value === undefined && { says: "Start of a name or username" })}
      />
      {refused.value && <Refusal refused={refused.value} />}
      {found.value !== undefined && (
        <ul class="found" aria-label="Found users">
          {found.value.map((user) => (
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
          {found.value.length === 0 && <li class="quiet none">No users match</li>}
        </ul>
      )}
    </div>
  );
}
