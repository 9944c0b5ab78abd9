import { nameOf, type Person } from "../chat/person.ts";
import { ask } from "./actions.tsx";
import { Choice } from "./fields.tsx";
import { GiftPicture } from "./gift-picture.tsx";
import { pagesOf, type RowOf, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { refundAction } from "./refund-action.ts";
import { filter, set } from "./router.ts";
import { type ScopedGiven, StreamScope } from "./stream-scope.tsx";
import type { Column } from "./table.tsx";
import { formatted, Moment, PersonCell } from "./ui.tsx";

const gifts = "GET /api/v1/live-stream/{streamId}/gifts";
const superlikes = "GET /api/v1/live-stream/{streamId}/superlikes";
type Gift = RowOf<typeof gifts>;
type Superlike = RowOf<typeof superlikes>;

/** A stream's gifts and superlikes; each can be refunded once. */
export const Refunds = () => (
  <StreamScope>
    {(stream, scope) => {
      const isGifts = filter("kind") !== "superlikes";
      const filters = (
        <>
          {scope}
          <Choice
            name="Type"
            value={isGifts ? "" : "superlikes"}
            choices={[
              ["", "Gifts"],
              ["superlikes", "Superlikes"],
            ]}
            change={(kind) => set({ kind })}
          />
        </>
      );
      const List = isGifts ? GiftsOf : SuperlikesOf;
      return <List key={stream.id} stream={stream} filters={filters} />;
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
  { title: "Time", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
];

function GiftsOf({ stream, filters }: ScopedGiven) {
  const path = { streamId: stream.id };
  const list = useList(({ id }: Gift) => id, pagesOf(gifts, { path }));
  const refund = (gift: Gift) =>
    refundAction(gift.id, {
      what: `${gift.count} × ${gift.giftType.name}`,
      name: nameOf(gift.sender),
      credits: creditsOf(gift),
      took: (refundedAt) => list.put({ ...gift, refundedAt }),
    });
  return (
    <Listing
      label="Gifts"
      list={list}
      columns={giftColumns}
      nothing="No gifts yet"
      filters={filters}
      actions={(gift) =>
        gift.refundedAt === null
          ? [{ label: "Refund…", run: () => ask(refund(gift)) }]
          : [{ label: "refunded" }]
      }
    />
  );
}

const senderOf = ({ senderId, senderSnapshot }: Superlike): Person => ({
  ...{ username: "", name: "", surname: "", profilePhoto: "" },
  ...senderSnapshot,
  _id: senderId,
});

const superlikeColumns: Column<Superlike>[] = [
  { title: "From", isGrowing: true, cell: (one) => <PersonCell person={senderOf(one)} /> },
  { title: "Credits", isNumber: true, isWide: true, cell: ({ price }) => formatted(price) },
  { title: "Time", isWide: true, cell: ({ timestamp }) => <Moment at={timestamp} /> },
];

function SuperlikesOf({ stream, filters }: ScopedGiven) {
  const path = { streamId: stream.id };
  const list = useList(({ id }: Superlike) => id, pagesOf(superlikes, { path }));
  const refund = (one: Superlike) =>
    refundAction(one.id, {
      what: "a superlike",
      name: nameOf(senderOf(one)),
      credits: one.price,
      took: () => list.remove(one.id),
    });
  return (
    <Listing
      label="Superlikes"
      list={list}
      columns={superlikeColumns}
      nothing="No superlikes yet"
      filters={filters}
      actions={(one) => [{ label: "Refund…", run: () => ask(refund(one)) }]}
    />
  );
}
