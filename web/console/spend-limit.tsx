import { bindSignal } from "../draft.ts";
import { Field } from "../host/fields.tsx";
import { useDraft } from "../kept-drafts.ts";
import { type Action, perform } from "./actions.tsx";
import { request } from "./api.ts";
import { problemOf } from "./fields.tsx";
import { Form } from "./form.tsx";
import { creditsOf } from "./ui.tsx";

type Props = {
  userId: string;
  name: string;
  reload(): void;
};

/** A user's own spend limit per UTC day, which overrides the stage's. */
export function SpendLimit({ userId, name, reload }: Props) {
  const text = useDraft(`spend limit of ${userId}`, "");
  const sent = text.value;
  const actionOf = (spendLimit: number | null): Action => ({
    title: `Set spend limit for ${name}`,
    verb: "Set limit",
    request: request("PUT", `/api/v1/wallets/${userId}/spend-limit`, { spendLimit }),
    done() {
      if (text.peek() === sent) text.value = "";
      reload();
      if (spendLimit === null) return `${name} has the default limit.`;
      return spendLimit === 0
        ? `${name} has no spend limit.`
        : `${name} can spend ${creditsOf(spendLimit)} per day.`;
    },
  });
  const problem = problemOf(text.value, 0);
  return (
    <>
      <Form
        name="Daily spend limit"
        action={problem === undefined ? actionOf(Number(text.value)) : undefined}
        verb="Set limit"
        isQuiet
      >
        <Field
          name="Credits per day"
          type="number"
          field="spendLimit"
          {...bindSignal(text)}
          problem={problem}
          says="0 for no limit. The day is in UTC."
        />
      </Form>
      <button type="button" class="button" onClick={() => void perform(actionOf(null))}>
        Use default
      </button>
    </>
  );
}
