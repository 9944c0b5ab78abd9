import { useSignal } from "@preact/signals";
import { type Action, CallBox, perform } from "./actions.tsx";
import { request } from "./api.ts";
import { Field, Form } from "./fields.tsx";
import { formatted } from "./ui.tsx";

const limitMax = 1_000_000_000;

type Given = {
  userId: string;
  name: string;
  reload(): void;
};

/** A user's own spend limit per UTC day, which overrides the stage's. */
export function SpendLimit({ userId, name, reload }: Given) {
  const text = useSignal("");
  const actionOf = (spendLimit: number | null): Action => ({
    title: `Set the spend limit of ${name}`,
    verb: "Set limit",
    request: request("PUT", `/api/v1/wallets/${userId}/spend-limit`, { spendLimit }),
    done() {
      text.value = "";
      reload();
      if (spendLimit === null) return `${name} has the default limit.`;
      return spendLimit === 0
        ? `${name} has no spend limit.`
        : `${name} can spend ${formatted(spendLimit)} credits per day.`;
    },
  });
  const credits = Number(text.value);
  const isGood =
    text.value.trim() !== "" && Number.isInteger(credits) && credits >= 0 && credits <= limitMax;
  const action = isGood ? actionOf(credits) : undefined;
  return (
    <Form name="Daily spend limit" submit={() => action && void perform(action)}>
      <Field
        name="Credits per day"
        type="number"
        value={text.value}
        change={(value) => {
          text.value = value;
        }}
        says="A whole number; 0 for no limit"
      />
      {action && <CallBox request={action.request} />}
      <p class="buttons">
        <button type="submit" class="button outlined" disabled={action === undefined}>
          Set limit
        </button>
        <button type="button" class="button" onClick={() => void perform(actionOf(null))}>
          Use default
        </button>
      </p>
    </Form>
  );
}
