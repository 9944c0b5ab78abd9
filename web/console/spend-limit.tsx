import { useSignal } from "@preact/signals";
import { wish } from "./api.ts";
import { CallBox, type Deed, perform } from "./deeds.tsx";
import { Field, Form } from "./fields.tsx";
import { formatted } from "./pieces.tsx";

const limitMax = 1_000_000_000;

type Given = {
  userId: string;
  name: string;
  reload(): void;
};

/** How much somebody may spend in a day (UTC), in place of what the stage allows everybody. */
export function SpendLimit({ userId, name, reload }: Given) {
  const text = useSignal("");
  const deedOf = (spendLimit: number | null): Deed => ({
    title: `Limit what ${name} may spend`,
    verb: "Set the limit",
    wish: wish("PUT", `/api/v1/wallets/${userId}/spend-limit`, { spendLimit }),
    done() {
      text.value = "";
      reload();
      if (spendLimit === null) return `${name} has the stage's limit again.`;
      return spendLimit === 0
        ? `${name} may spend as much as they have.`
        : `${name} may spend ${formatted(spendLimit)} credits a day.`;
    },
  });
  const credits = Number(text.value);
  const isGood =
    text.value.trim() !== "" && Number.isInteger(credits) && credits >= 0 && credits <= limitMax;
  const deed = isGood ? deedOf(credits) : undefined;
  return (
    <Form name="Limit of spending" submit={() => deed && void perform(deed)}>
      <Field
        name="Credits a day"
        type="number"
        value={text.value}
        change={(value) => {
          text.value = value;
        }}
        says="A whole number; 0 sets no limit"
      />
      {deed && <CallBox request={deed.wish} />}
      <p class="buttons">
        <button type="submit" class="button outlined" disabled={deed === undefined}>
          Set the limit
        </button>
        <button type="button" class="button" onClick={() => void perform(deedOf(null))}>
          Use the stage's
        </button>
      </p>
    </Form>
  );
}
