import type { Answer } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { call, wish } from "./api.ts";
import { ask } from "./deeds.tsx";
import { chosenOf, type Stream, StreamSelect } from "./fields.tsx";
import { GiftPicture } from "./gift-picture.tsx";
import { useLoad } from "./load.ts";
import {
  type Column,
  formatted,
  Moment,
  Nothing,
  PersonCell,
  Refusal,
  Skeleton,
  Table,
} from "./pieces.tsx";
import { useStreams } from "./streams.tsx";

type Gift = Answer<"GET /api/v1/live-stream/{streamId}/gifts">["list"][number];

const limit = 100;
const creditsOf = ({ giftType, count, receivers }: Gift) =>
  giftType.creditAmount * count * receivers.length;

/** A stream's gifts, each of which can be taken back once. */
export function Refunds() {
  const streams = useStreams();
  if (streams.refused) return <Refusal refused={streams.refused} retry={streams.reload} />;
  if (streams.value === undefined) return <Skeleton />;
  const stream = chosenOf(streams.value);
  if (stream === undefined) return <Nothing says="There is no stream yet, and no gift." />;
  return (
    <>
      <div class="filters">
        <StreamSelect streams={streams.value} />
      </div>
      <GiftsOf key={stream.id} stream={stream} />
    </>
  );
}

function GiftsOf({ stream }: { stream: Stream }) {
  const { value, refused, reload, change } = useLoad(stream.id, () =>
    call("GET /api/v1/live-stream/{streamId}/gifts", {
      path: { streamId: stream.id },
      query: { limit },
    }),
  );
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (value === undefined) return <Skeleton />;
  if (value.list.length === 0)
    return <Nothing says={`Nobody has given anything in ${stream.title} yet.`} />;
  const took = (id: string, refundedAt: string) =>
    change((page) => ({
      ...page,
      list: page.list.map((gift) => (gift.id === id ? { ...gift, refundedAt } : gift)),
    }));
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
    { title: "Credits", isNumber: true, cell: (gift) => formatted(creditsOf(gift)) },
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
    <div class="split">
      <Table label="Gifts" columns={columns} rows={value.list} idOf={({ id }) => id} />
    </div>
  );
}
