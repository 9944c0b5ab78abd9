import { useSignal } from "@preact/signals";
import { call, newKey, wish } from "./api.ts";
import { ask, CallBox, type Deed, perform } from "./deeds.tsx";
import { Choice, Field, Form } from "./fields.tsx";
import { useLoad } from "./load.ts";
import { Facts, formatted, Refusal, Skeleton } from "./pieces.tsx";
import { SpendLimit } from "./spend-limit.tsx";

type Way = "top-ups" | "payouts";
const amountMax = 1_000_000_000;

/** Somebody's credits, and how an admin puts some in or takes some out. */
export function Wallet({ userId, name }: { userId: string; name: string }) {
  const { value, refused, reload } = useLoad(userId, () =>
    call("GET /api/v1/wallets/{userId}", { path: { userId } }),
  );
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (value === undefined) return <Skeleton />;
  return (
    <section aria-label="Wallet">
      <h3>Wallet</h3>
      <Facts
        facts={[
          ["Balance", <b key="b">{formatted(value.balance)}</b>],
          ["On its way", formatted(value.pending)],
          ["Owed", formatted(value.owed)],
          ["May spend a day", value.spendLimit === 0 ? "no limit" : formatted(value.spendLimit)],
        ]}
      />
      <Booking userId={userId} name={name} reload={reload} />
      <SpendLimit userId={userId} name={name} reload={reload} />
    </section>
  );
}

type Given = { userId: string; name: string; reload(): void };

function Booking({ userId, name, reload }: Given) {
  const way = useSignal<Way>("top-ups");
  const amount = useSignal("");
  const reference = useSignal(`console-${newKey()}`);
  const key = useSignal(newKey());
  const credits = Number(amount.value);
  const isGood = Number.isInteger(credits) && credits >= 1 && credits <= amountMax;
  const isIn = way.value === "top-ups";
  const begin = () => {
    amount.value = "";
    reference.value = `console-${newKey()}`;
    key.value = newKey();
    reload();
  };
  const deed: Deed | undefined =
    isGood && reference.value.trim() !== ""
      ? {
          title: isIn
            ? `Put ${formatted(credits)} credits into the wallet of ${name}`
            : `Take ${formatted(credits)} credits out of the wallet of ${name}`,
          warns: "They leave the system, as somebody is paid for them elsewhere.",
          verb: isIn ? "Top up" : "Pay out",
          wish: wish(
            "POST",
            `/api/v1/wallets/${userId}/${way.value}`,
            { amount: credits, reference: reference.value.trim() },
            key.value,
          ),
          done({ balance }: { balance: number }) {
            begin();
            return `${name} has ${formatted(balance)} credits now.`;
          },
        }
      : undefined;
  const submit = () => {
    if (deed === undefined) return;
    if (isIn) void perform(deed);
    else ask(deed);
  };
  return (
    <Form name="Credits in or out" submit={submit}>
      <Choice
        name="In or out"
        value={way.value}
        choices={[
          ["top-ups", "Top up"],
          ["payouts", "Pay out"],
        ]}
        change={(value) => {
          way.value = value;
        }}
      />
      <Field
        name="Credits"
        type="number"
        value={amount.value}
        change={(value) => {
          amount.value = value;
        }}
      />
      <Field
        name="Reference"
        value={reference.value}
        change={(value) => {
          reference.value = value;
        }}
        says="Counts once for a wallet, such as the number of a payment"
      />
      {deed && <CallBox request={deed.wish} />}
      <button type="submit" class="button primary" disabled={deed === undefined}>
        {isIn ? "Top up" : "Pay out …"}
      </button>
    </Form>
  );
}
