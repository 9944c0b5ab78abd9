import { expect, test } from "@jest/globals";
import { personOf } from "../../domain/people/person.ts";
import { profileOf } from "../../domain/people/user.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler as gifts } from "../../functions/money/gifts/list.ts";
import { handler as superlikes } from "../../functions/streams/chat/list-superlikes.ts";
import { writeItems } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { useOwnTable } from "./table.ts";
import { giftTypeOf, makeStream, makeUser, readGift, sendOne, someone } from "./wallet-people.ts";

useOwnTable();

// The last millisecond of a second: the gift sent then is the newest of that second.
const now = new Date(Math.floor(Date.now() / 1000) * 1000 + 999);

type Page = { list: { id: string }[]; pageInfo: { nextCursor: string | null } };

/** The ids on each page of a list, read to its end. */
async function pagesOf(list: unknown, streamId: string, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let after: string | null = null;
  do {
    const query = { limit: String(limit), ...(after !== null && { after }) };
    const { body } = await callEndpoint(list, { as: "ann", path: { streamId }, query });
    const page = body.data as Page;
    pages.push(page.list.map(({ id }) => id));
    after = page.pageInfo.nextCursor;
  } while (after !== null && pages.length < 20);
  return pages;
}

/** Puts copies of a gift with changes, and its shares, with ids in the order of their places. */
async function copy(
  stream: Stream,
  id: string,
  places: readonly number[],
  changes: object,
  parts = 0,
) {
  const item = await readGift(stream.id, id);
  const ids = places.map((place) => id.slice(0, -6) + place.toString(16).padStart(6, "0"));
  const share = (id: string, at: number) => ({
    id,
    kind: "share",
    part: at + 1,
    streamId: stream.id,
    senderId: item.sender.userId,
    dueCredits: 1,
    ...key.gift(stream.id, id, at + 1),
  });
  const itemsOf = (id: string) => [
    { ...item, ...changes, id, ...key.gift(stream.id, id) },
    ...Array.from({ length: parts }, (_, at) => share(id, at)),
  ];
  await writeItems(ids.flatMap(itemsOf));
  return ids;
}

test("gifts are found behind thousands of superlikes, each on one page", async () => {
  const [sender, host] = [someone("sender"), someone("host")];
  await makeUser(sender, 1_000);
  const stream = await makeStream(host);
  const receivers = Array.from({ length: 13 }, (_, n) =>
    personOf(profileOf(`receiver-${n}`, {}, now)),
  );
  const newest = await sendOne(stream, sender, giftTypeOf(1), { receivers, now });
  const early = await copy(stream, newest, [1, 2, 3], { kind: "superlike" });
  const rare = await copy(stream, newest, [4, 5, 6], {}, 12);
  // The first page of gifts ends among the shares of the next gift.
  const places = Array.from({ length: 1_982 }, (_, n) => 7 + n);
  const many = await copy(stream, newest, places, { kind: "superlike" });
  const pages = await pagesOf(gifts, stream.id, 1);
  expect(pages).toEqual([newest, ...rare.toReversed()].map((id) => [id]));
  const found = await pagesOf(superlikes, stream.id, 100);
  expect(found.flat()).toEqual([...early, ...many].toReversed());
});
