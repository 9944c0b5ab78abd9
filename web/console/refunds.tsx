import type { Answer } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { call, wish } from "./api.ts";
import { ask } from "./deeds.tsx";
import { GiftPicture } from "./gift-picture.tsx";
import { after, partByCursor, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { OfStream, type Stream } from "./of-stream.tsx";
import { type Column, formatted, Moment, PersonCell } from "./pieces.tsx";

type Gift = Answer<"GET /api/v1/live-stream/{streamId}/gifts">["list"][number];

const limit = 50;
const creditsOf = ({ giftType, count, receivers }: Gift) =>
  giftType.creditAmount * count * receivers.length;

/** A stream's gifts, each of which can be taken back once. */
export const Refunds = () => (
  <OfStream nothing="There is no stream yet, and no gift.">
    {(stream) => <GiftsOf key={stream.id} stream={stream} />}
  </OfStream>
);

function GiftsOf({ stream }: { stream: Stream }) {
  const list = useList(
    stream.id,
    ({ id }: Gift) => id,
    async (next) =>
      partByCursor(
        await call("GET /api/v1/live-stream/{streamId}/gifts", {
          path: { streamId: stream.id },
          query: { limit, ...after(next) },
        }),
      ),
  );
  const took = (id: string, refundedAt: string) =>
    list.change((rows) => rows.map((gift) => (gift.id === id ? { ...gift, refundedAt } : gift)));
  const refund = (gift: Gift) =>
    ask({
      title: `Refund ${gift.count} × ${gift.giftType.name} of ${nameOf(gift.sender)}`,
      warns: `${formatted(creditsOf(gift))} credits go back from who received them. It happens once and cannot be undone.`,
      verb: "Refund",
      wish: wish("POST", `/api/v1/gifts/${gift.id}/refund`),
      done({ credits, refundedAt }: { credits: number; refundedAt: string }) {
        took(gift.id, refundedAt);
        return `${formatted(credits)} credits went back to ${nameOf(gift.sender)}.`;
      },
    });
  const columns: Column<Gift>[] = [
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
    {
      title: "Credits",
      isNumber: true,
      isWide: true,
      cell: (gift) => formatted(creditsOf(gift)),
    },
    { title: "When", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
    {
      title: "",
      cell: (gift) =>
        gift.refundedAt === null ? (
          <button type="button" class="link" onClick={() => refund(gift)}>
            Refund …
          </button>
        ) : (
          <span class="quiet">refunded</span>
        ),
    },
  ];
  return (
    <Listing
      label="Gifts"
      list={list}
      columns={columns}
      nothing={`Nobody has given anything in ${stream.title} yet.`}
    />
  );
}
