import type { CallResult } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { ask } from "./actions.tsx";
import { call, request } from "./api.ts";
import { GiftPicture } from "./gift-picture.tsx";
import { after, partByCursor, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { type Stream, StreamScope } from "./stream-scope.tsx";
import { type Column, formatted, Moment, PersonCell } from "./ui.tsx";

type Gift = CallResult<"GET /api/v1/live-stream/{streamId}/gifts">["list"][number];

const limit = 50;
const creditsOf = ({ giftType, count, receivers }: Gift) =>
  giftType.creditAmount * count * receivers.length;

/** A stream's gifts, each of which can be taken back once. */
export const Refunds = () => (
  <StreamScope nothing="No streams yet">
    {(stream) => <GiftsOf key={stream.id} stream={stream} />}
  </StreamScope>
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
      title: `Refund ${gift.count} × ${gift.giftType.name} from ${nameOf(gift.sender)}`,
      warns: `${formatted(creditsOf(gift))} credits go back to the sender. This cannot be undone.`,
      verb: "Refund",
      request: request("POST", `/api/v1/gifts/${gift.id}/refund`),
      done({ credits, refundedAt }: { credits: number; refundedAt: string }) {
        took(gift.id, refundedAt);
        return `${formatted(credits)} credits refunded to ${nameOf(gift.sender)}.`;
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
    { title: "Time", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
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
  return <Listing label="Gifts" list={list} columns={columns} nothing="No gifts yet" />;
}
