import { nameOf } from "../chat/person.ts";
import { wordsOf } from "../labels.ts";
import { ask } from "./actions.tsx";
import { SegmentedControl } from "./fields.tsx";
import { type List, pagesOf, type RowOf, useList } from "./list.ts";
import { ShortList } from "./listing.tsx";
import { refundAction } from "./refund-action.ts";
import { filter, hrefOf, setFilters } from "./router.ts";
import { formatted, Link, Moment } from "./ui.tsx";

const route = "GET /api/v1/wallets/{userId}/transactions";
type Transaction = RowOf<typeof route>;

const isGift = ({ type }: Transaction) => /^(gift|superlike)_/.test(type);
const isSpent = ({ type }: Pick<Transaction, "type">) =>
  type === "gift_spend" || type === "superlike_spend";

/** A user's transactions, newest first. */
export const useLedger = (userId: string) =>
  useList(({ id }: Transaction) => id, pagesOf(route, { path: { userId } }));

type Props = { name: string; ledger: List<Transaction>; reload(): void };

/** A user's ledger: all transactions, or only gifts and superlikes. */
export function Ledger({ name, ledger: all, reload }: Props) {
  const isAll = filter("ledger") !== "gifts";
  const refunded = new Set(
    all.rows?.filter(({ type }) => type === "gift_refund").map(({ giftId }) => giftId),
  );
  const refund = (giftId: string, { type }: Pick<Transaction, "type">) => {
    // A gift to several receivers has an entry for each of them, and is refunded as a whole.
    const parts = all.rows?.filter((one) => one.giftId === giftId && isSpent(one)) ?? [];
    // The last row's gift may have more entries on the next page.
    const isWhole = !(all.hasMore && all.rows?.at(-1)?.giftId === giftId);
    const credits = isWhole ? parts.reduce((sum, { amount }) => sum + amount, 0) : undefined;
    const what = type === "gift_spend" ? "a gift" : "a superlike";
    return refundAction(giftId, { what, name, credits, took: reload });
  };
  return (
    <ShortList
      title="Ledger"
      list={{ ...all, rows: isAll ? all.rows : all.rows?.filter(isGift) }}
      nothing={
        isAll
          ? "No transactions yet"
          : all.hasMore
            ? `No gifts in the newest ${formatted(all.rows?.length ?? 0)} transactions`
            : "No gifts yet"
      }
      tools={
        <SegmentedControl
          name="Transactions"
          value={isAll ? "" : "gifts"}
          choices={[
            ["", "All"],
            ["gifts", "Gifts"],
          ]}
          change={(ledger) => setFilters({ ledger }, true)}
        />
      }
      row={({ giftId, ...entry }) => (
        <>
          <div>
            <span>{wordsOf(entry.type)}</span>
            <b class={`number ${entry.direction === "credit" ? "good" : ""}`}>
              {entry.direction === "credit" ? "+" : "−"}
              {formatted(entry.amount)}
            </b>
          </div>
          <p class="quiet">
            <Moment at={entry.occurredAt} /> · balance {formatted(entry.balanceAfter)}
            {entry.counterpart && (
              <>
                {" · "}
                <Link href={hrefOf("users", { id: entry.counterpart._id })}>
                  <bdi>{nameOf(entry.counterpart)}</bdi>
                </Link>
              </>
            )}
            {entry.reference !== null && ` · ${entry.reference}`}
            {isSpent(entry) && giftId !== null && !refunded.has(giftId) && (
              <>
                {" · "}
                <button type="button" class="link" onClick={() => ask(refund(giftId, entry))}>
                  Refund…
                </button>
              </>
            )}
          </p>
        </>
      )}
    />
  );
}
