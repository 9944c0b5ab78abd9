import type { Answer } from "../../client/index.ts";
import { call, wish } from "./api.ts";
import { perform } from "./deeds.tsx";
import { useLoad } from "./load.ts";
import {
  type Column,
  Detail,
  Facts,
  formatted,
  Moment,
  Nothing,
  Refusal,
  Skeleton,
  Table,
} from "./pieces.tsx";
import { filter, set } from "./place.ts";

type Parked = Answer<"GET /api/v1/operations/parked">["list"][number];
type Outcome = Answer<"POST /api/v1/operations/parked/{id}/redrive">["outcome"];

const limit = 100;
const outcomes: Record<Outcome, string> = {
  settled: "Settled: its credits have reached their receiver.",
  settled_before: "It had been settled meanwhile; only the record was left, and is gone.",
  gone: "What it was about is gone, so the record is gone too.",
};

/** What could not be settled and waits for a person. */
export function ParkedRecords() {
  const { value, refused, reload, change } = useLoad("parked", () =>
    call("GET /api/v1/operations/parked", { query: { limit } }),
  );
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (value === undefined) return <Skeleton />;
  if (value.list.length === 0)
    return (
      <Nothing says="Nothing is parked. A gift that cannot be settled is put aside here with its reason, and holds up no other." />
    );
  const chosen = value.list.find(({ id }) => id === filter("id"));
  const redrive = ({ id, giftId }: Parked) =>
    perform({
      title: `Redrive ${giftId ?? "the record"}`,
      verb: "Redrive",
      wish: wish("POST", `/api/v1/operations/parked/${id}/redrive`),
      done({ outcome }: { outcome: Outcome }) {
        change((page) => ({
          ...page,
          list: page.list.filter(
            (one) => one.id !== id && (giftId === null || one.giftId !== giftId),
          ),
        }));
        set({ id: "" }, true);
        return outcomes[outcome];
      },
    });
  const columns: Column<Parked>[] = [
    { title: "Parked", cell: ({ parkedAt }) => <Moment at={parkedAt} /> },
    { title: "Reason", cell: ({ reason }) => <span class="cut">{reason}</span> },
    { title: "For", isWide: true, cell: ({ receiverId }) => <code>{receiverId ?? "–"}</code> },
    {
      title: "Credits",
      isNumber: true,
      cell: ({ credits }) => (credits === null ? "–" : formatted(credits)),
    },
    {
      title: "",
      cell: (record) => (
        <button
          type="button"
          class="link"
          onClick={(event) => {
            event.stopPropagation();
            void redrive(record);
          }}
        >
          Redrive
        </button>
      ),
    },
  ];
  return (
    <div class={`split ${chosen ? "has-detail" : ""}`}>
      <Table
        label="Parked records"
        columns={columns}
        rows={value.list}
        idOf={({ id }) => id}
        selected={filter("id")}
        open={({ id }) => set({ id })}
      />
      {chosen && (
        <Detail title="Parked record" close={() => set({ id: "" })}>
          <p class="reason">{chosen.reason}</p>
          <Facts
            facts={[
              ["What", chosen.kind ?? "–"],
              ["Gift", <code key="gift">{chosen.giftId ?? "–"}</code>],
              ["Stream", <code key="stream">{chosen.streamId ?? "–"}</code>],
              ["Waits for", <code key="for">{chosen.receiverId ?? "–"}</code>],
              ["Kept until", <Moment key="until" at={chosen.expiresAt} />],
            ]}
          />
          <p class="quiet">Mend what the reason says, then bring the record back.</p>
          <button type="button" class="button primary" onClick={() => void redrive(chosen)}>
            Redrive
          </button>
        </Detail>
      )}
    </div>
  );
}
