import type { Answer } from "../../client/index.ts";
import { call, wish } from "./api.ts";
import { perform } from "./deeds.tsx";
import { after, partByCursor, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { type Column, Detail, Facts, formatted, Moment } from "./pieces.tsx";
import { filter, set } from "./place.ts";

type Parked = Answer<"GET /api/v1/operations/parked">["list"][number];
type Outcome = Answer<"POST /api/v1/operations/parked/{id}/redrive">["outcome"];

const limit = 50;
const outcomes: Record<Outcome, string> = {
  settled: "Settled: its credits have reached their receiver.",
  settled_before: "It had been settled meanwhile; only the record was left, and is gone.",
  gone: "What it was about is gone, so the record is gone too.",
};

/** What could not be settled and waits for a person. */
export function ParkedRecords() {
  const list = useList(
    "parked",
    ({ id }: Parked) => id,
    async (next) =>
      partByCursor(
        await call("GET /api/v1/operations/parked", { query: { limit, ...after(next) } }),
      ),
  );
  const chosen = list.rows?.find(({ id }) => id === filter("id"));
  const redrive = ({ id, giftId }: Parked) =>
    perform({
      title: `Redrive ${giftId ?? "the record"}`,
      verb: "Redrive",
      wish: wish("POST", `/api/v1/operations/parked/${id}/redrive`),
      done({ outcome }: { outcome: Outcome }) {
        // A gift that was parked on several days stands in the list once a day.
        list.change((rows) =>
          rows.filter((one) => one.id !== id && (giftId === null || one.giftId !== giftId)),
        );
        set({ id: "" }, true);
        return outcomes[outcome];
      },
    });
  const columns: Column<Parked>[] = [
    { title: "Parked", isWide: true, cell: ({ parkedAt }) => <Moment at={parkedAt} /> },
    { title: "Reason", isGrowing: true, cell: ({ reason }) => <span class="cut">{reason}</span> },
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
    <Listing
      label="Parked records"
      list={list}
      columns={columns}
      nothing="Nothing is parked. A gift that cannot be settled is put aside here with its reason, and holds up no other."
      selected={filter("id")}
      open={({ id }) => set({ id })}
      detail={chosen && <ParkedDetail record={chosen} redrive={() => void redrive(chosen)} />}
    />
  );
}

const ParkedDetail = ({ record, redrive }: { record: Parked; redrive(): void }) => (
  <Detail title="Parked record" close={() => set({ id: "" })}>
    <p class="reason">{record.reason}</p>
    <Facts
      facts={[
        ["What", record.kind ?? "–"],
        ["Gift", <code key="gift">{record.giftId ?? "–"}</code>],
        ["Stream", <code key="stream">{record.streamId ?? "–"}</code>],
        ["Waits for", <code key="for">{record.receiverId ?? "–"}</code>],
        ["Kept until", <Moment key="until" at={record.expiresAt} />],
      ]}
    />
    <p class="quiet">Mend what the reason says, then bring the record back.</p>
    <button type="button" class="button primary" onClick={redrive}>
      Redrive
    </button>
  </Detail>
);
