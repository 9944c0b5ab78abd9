import type { ComponentChildren } from "preact";
import { nameOf, type Person } from "../chat/person.ts";
import { ask } from "./actions.tsx";
import { SegmentedControl } from "./fields.tsx";
import { GiftPicture } from "./gift-picture.tsx";
import { pagesOf, type RowOf, type Source, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { refundAction } from "./refund-action.ts";
import { filter, setFilters } from "./router.ts";
import { StreamScope } from "./stream-scope.tsx";
import type { Column } from "./table.tsx";
import { formatted, Moment, PersonCell } from "./ui.tsx";

const gifts = "GET /api/v1/live-stream/{streamId}/gifts";
const superlikes = "GET /api/v1/live-stream/{streamId}/superlikes";
type Gift = RowOf<typeof gifts>;
type Superlike = RowOf<typeof superlikes>;

/** A stream's gifts and superlikes; each can be refunded once. */
export const Refunds = () => (
  <StreamScope>
    {({ id: streamId }, scope) => {
      const isGifts = filter("kind") !== "superlikes";
      const path = { streamId };
      const filters = (
        <>
          {scope}
          <SegmentedControl
            name="Type"
            value={isGifts ? "" : "superlikes"}
            choices={[
              ["", "Gifts"],
              ["superlikes", "Superlikes"],
            ]}
            change={(kind) => setFilters({ kind })}
          />
        </>
      );
      return isGifts ? (
        <Sent
          key={`gifts ${streamId}`}
          label="Gifts"
          source={pagesOf(gifts, { path })}
          columns={giftColumns}
          filters={filters}
          describe={(gift) => ({
            what: `${gift.count} × ${gift.giftType.name}`,
            name: nameOf(gift.sender),
            credits: creditsOf(gift),
            mayBeExternal: true,
          })}
        />
      ) : (
        <Sent
          key={`superlikes ${streamId}`}
          label="Superlikes"
          source={pagesOf(superlikes, { path })}
          columns={superlikeColumns}
          filters={filters}
          describe={(one) => ({
            what: "a superlike",
            name: nameOf(senderOf(one)),
            credits: one.price,
          })}
        />
      );
    }}
  </StreamScope>
);

const creditsOf = ({ giftType, count, receivers }: Gift) =>
  giftType.creditAmount * count * receivers.length;

const giftColumns: Column<Gift>[] = [
  {
    title: "Gift",
    cell: ({ giftType, count }) => (
      <span class="gift-cell">
        <GiftPicture url={giftType.svgUrl} size={24} />
        <bdi>{giftType.name}</bdi> <span class="number quiet">×{formatted(count)}</span>
      </span>
    ),
  },
  { title: "From", cell: ({ sender }) => <PersonCell person={sender} /> },
  {
    title: "To",
    isWide: true,
    cell: ({ receivers }) => (
      <>
        <PersonCell person={receivers[0]!} />
        {receivers.length > 1 && <span class="quiet"> +{receivers.length - 1}</span>}
      </>
    ),
  },
  { title: "Credits", isNumber: true, isWide: true, cell: (gift) => formatted(creditsOf(gift)) },
  {
    title: "Time",
    isWide: true,
    isExtra: true,
    cell: ({ createdAt }) => <Moment at={createdAt} />,
  },
];

const senderOf = ({ senderId, senderSnapshot }: Superlike): Person => ({
  ...senderSnapshot,
  _id: senderId,
});

const superlikeColumns: Column<Superlike>[] = [
  { title: "From", isGrowing: true, cell: (one) => <PersonCell person={senderOf(one)} /> },
  { title: "Credits", isNumber: true, isWide: true, cell: ({ price }) => formatted(price) },
  { title: "Time", isWide: true, cell: ({ timestamp }) => <Moment at={timestamp} /> },
];

type SentProps<Row> = {
  label: string;
  source: Source<Row>;
  columns: Column<Row>[];
  filters: ComponentChildren;
  /** What a refund of the row is about. */
  describe(row: Row): { what: string; name: string; credits: number; mayBeExternal?: boolean };
};

/** Gifts or superlikes; those that were refunded stay listed. */
function Sent<Row extends { id: string; refundedAt: string | null }>(given: SentProps<Row>) {
  const { label, source, describe, ...shown } = given;
  const list = useList(({ id }: Row) => id, source);
  const refund = (row: Row) =>
    refundAction(row.id, {
      ...describe(row),
      took: (refundedAt) => list.put({ ...row, refundedAt }),
    });
  return (
    <Listing
      {...shown}
      label={label}
      list={list}
      nothing={`No ${label.toLowerCase()} yet`}
      actions={(row) =>
        row.refundedAt === null
          ? [{ label: "Refund…", run: () => ask(refund(row)) }]
          : [{ label: "Refunded" }]
      }
    />
  );
}
