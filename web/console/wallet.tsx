import { useSignal } from "@preact/signals";
import type { CallResult } from "../../client/index.ts";
import { bindSignal } from "../draft.ts";
import { LoadingRows } from "../host/action.tsx";
import { Field } from "../host/fields.tsx";
import { useDraft } from "../kept-drafts.ts";
import { type Keys, newKey } from "../new-key.ts";
import type { Action } from "./actions.tsx";
import { call, request } from "./api.ts";
import { problemOf, SegmentedControl } from "./fields.tsx";
import { Form } from "./form.tsx";
import { Ledger, useLedger } from "./ledger.tsx";
import { type Loaded, useLoad } from "./load.ts";
import { SpendLimit } from "./spend-limit.tsx";
import { creditsOf, Facts, formatted, Refusal } from "./ui.tsx";

type Way = "top-ups" | "payouts";

type Props = { userId: string; name: string; reload(): void };

/** A user's wallet and ledger: each shows at once what is booked in the other. */
export function Money({ userId, name }: Omit<Props, "reload">) {
  const wallet = useLoad(userId, () => call("GET /api/v1/wallets/{userId}", { path: { userId } }));
  const ledger = useLedger(userId);
  const reload = () => {
    void wallet.reload();
    void ledger.refresh();
  };
  return (
    <>
      <Wallet userId={userId} name={name} wallet={wallet} reload={reload} />
      <Ledger name={name} ledger={ledger} reload={reload} />
    </>
  );
}

type Balance = CallResult<"GET /api/v1/wallets/{userId}">;

/** A user's balance, with top-ups and payouts by an admin. */
function Wallet({ userId, name, wallet, reload }: Props & { wallet: Loaded<Balance> }) {
  const { value, refused } = wallet;
  if (refused) return <Refusal refused={refused} retry={wallet.reload} />;
  if (value === undefined) return <LoadingRows />;
  return (
    <section aria-label="Wallet">
      <h3>Wallet</h3>
      <Facts
        facts={[
          ["Balance", <b key="b">{formatted(value.balance)}</b>],
          ["Pending", formatted(value.pending)],
          ["Owed", formatted(value.owed)],
          ["Daily limit", value.spendLimit === 0 ? "No limit" : formatted(value.spendLimit)],
        ]}
      />
      <Booking userId={userId} name={name} reload={reload} />
      <SpendLimit userId={userId} name={name} reload={reload} />
    </section>
  );
}

function Booking({ userId, name, reload }: Props) {
  const way = useDraft<Way>(`booking of ${userId}`, "top-ups", true);
  const amount = useDraft(`booked credits of ${userId}`, "");
  const reference = useDraft(`reference for ${userId}`, `console-${newKey()}`, true);
  const keys = useSignal<Keys>(new Map());
  const credits = Number(amount.value);
  const problem = problemOf(amount.value, 1);
  const isIn = way.value === "top-ups";
  const sent = { amount: amount.value, reference: reference.value };
  const begin = () => {
    if (amount.peek() === sent.amount) amount.value = "";
    if (reference.peek() === sent.reference) reference.value = `console-${newKey()}`;
    keys.value = new Map();
    reload();
  };
  const action: Action | undefined =
    problem === undefined && reference.value.trim() !== ""
      ? {
          title: isIn
            ? `Top up ${name} by ${creditsOf(credits)}`
            : `Pay out ${creditsOf(credits)} to ${name}`,
          warns: "Removes the credits from the wallet. Pay the user through your payment provider.",
          verb: isIn ? "Top up" : "Pay out",
          request: request(
            "POST",
            `/api/v1/wallets/${userId}/${way.value}`,
            { amount: credits, reference: reference.value.trim() },
            keys.value,
          ),
          done({ balance }: { balance: number }) {
            begin();
            return `${name} now has ${creditsOf(balance)}.`;
          },
        }
      : undefined;
  return (
    <Form name="Top up or pay out" action={action} verb={isIn ? "Top up" : "Pay out"} asks={!isIn}>
      <SegmentedControl
        name="Type"
        {...bindSignal(way)}
        choices={[
          ["top-ups", "Top up"],
          ["payouts", "Pay out"],
        ]}
      />
      <Field
        name="Credits"
        type="number"
        field="amount"
        problem={problem}
        {...bindSignal(amount)}
      />
      <Field
        name="Reference"
        field="reference"
        problem={reference.value.trim() === "" ? "Enter a reference" : undefined}
        {...bindSignal(reference)}
        says="Unique in this wallet, such as a payment ID"
      />
    </Form>
  );
}
