import type { CallResult } from "../../client/index.ts";
import { perform } from "./actions.tsx";
import { request } from "./api.ts";
import { pagesOf, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { setFilters } from "./router.ts";
import type { Column } from "./table.tsx";
import { Detail, Facts, formatted, Moment, Truncated } from "./ui.tsx";

type Parked = CallResult<"GET /api/v1/operations/parked">["list"][number];
type Outcome = CallResult<"POST /api/v1/operations/parked/{id}/redrive">["outcome"];

const outcomes: Record<Outcome, string> = {
  settled: "Settled. The receiver has the credits.",
  settled_before: "Already settled. The record is removed.",
  gone: "Nothing left to settle. The record is removed.",
};

const columns: Column<Parked>[] = [
  { title: "Parked", isWide: true, cell: ({ parkedAt }) => <Moment at={parkedAt} /> },
  { title: "Reason", isGrowing: true, cell: ({ reason }) => <Truncated text={reason} /> },
  { title: "Receiver", isWide: true, cell: ({ receiverId }) => <code>{receiverId ?? "–"}</code> },
  {
    title: "Credits",
    isNumber: true,
    cell: ({ credits }) => (credits === null ? "–" : formatted(credits)),
  },
];

/** Records that could not be settled and need an admin. */
export function ParkedRecords() {
  const list = useList(({ id }: Parked) => id, pagesOf("GET /api/v1/operations/parked"));
  const redrive = ({ id, giftId }: Parked) =>
    perform({
      title: `Redrive ${giftId ?? "the record"}`,
      verb: "Redrive",
      request: request("POST", `/api/v1/operations/parked/${id}/redrive`),
      done({ outcome }: { outcome: Outcome }) {
        // A gift that was parked on several days is listed once per day.
        for (const one of list.rows ?? [])
          if (one.id === id || (giftId !== null && one.giftId === giftId)) list.remove(one.id);
        return outcomes[outcome];
      },
    });
  return (
    <Listing
      label="Parked records"
      list={list}
      columns={columns}
      nothing="No parked records. A gift that cannot be settled appears here."
      actions={(record) => [{ label: "Redrive", run: () => void redrive(record) }]}
      detail={(record) =>
        record && <ParkedDetail record={record} redrive={() => void redrive(record)} />
      }
    />
  );
}

const ParkedDetail = ({ record, redrive }: { record: Parked; redrive(): void }) => (
  <Detail title="Parked record" close={() => setFilters({ id: "" })}>
    <p class="reason">{record.reason}</p>
    <Facts
      facts={[
        ["Type", record.kind ?? "–"],
        ["Gift", <code key="gift">{record.giftId ?? "–"}</code>],
        ["Stream", <code key="stream">{record.streamId ?? "–"}</code>],
        ["Receiver", <code key="for">{record.receiverId ?? "–"}</code>],
        ["Kept until", <Moment key="until" at={record.expiresAt} />],
      ]}
    />
    <p class="quiet">Fix the cause, then redrive the record.</p>
    <button type="button" class="button primary" onClick={redrive}>
      Redrive
    </button>
  </Detail>
);
