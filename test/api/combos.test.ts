import { call, eventually, giftType, liveStream, type Person, person, topUp } from "./people.ts";
import { watch } from "./viewer.ts";

const give = (as: Person, giftTypeId: string, liveStreamId: string) =>
  call("POST /api/v1/gifts/create", { as, body: { giftTypeId, liveStreamId } });

// biome-ignore lint/suspicious/noExplicitAny: A black-box test looks into events of any shape.
type Event = any;

/** Gives in a new room: roses with other gifts between them. */
async function giveRow(rose: string, star: string) {
  const [{ host, id: streamId }, sender, other] = await Promise.all([
    liveStream(),
    person(),
    person(),
  ]);
  await Promise.all([topUp(sender, 100), topUp(other, 100)]);
  const viewers = [await watch(host, streamId), await watch(other, streamId)];
  const began: number[] = [];
  const pauses: number[] = [];
  const giveRose = async () => {
    began.push(Date.now());
    await give(sender, rose, streamId);
    pauses.push(Date.now() - began.at(-2)!);
  };
  for (let n = 0; n < 3; n++) await giveRose();
  await give(sender, star, streamId);
  await give(other, rose, streamId);
  await giveRose();
  // The first one follows none.
  return { sender, other, viewers, last: began.at(-1)!, pause: Math.max(...pauses.slice(1)) };
}

test("a combo counts up equally for every viewer, and ends once, 5 s after the last gift", async () => {
  const [rose, star] = await Promise.all([giftType(10), giftType(3)]);
  let row = await giveRow(rose, star);
  // Where a machine takes five seconds from one gift to the next, that one begins a new combo.
  while (row.pause >= 5_000) {
    for (const viewer of row.viewers) viewer.close();
    row = await giveRow(rose, star);
  }
  const { sender, other, viewers, last } = row;
  const ended = ({ type }: Event) => type === "combo.ended";
  for (const viewer of viewers) {
    await eventually(
      async () => viewer.events().filter(ended).length,
      (count) => count === 1,
    );
    expect(Date.now() - last).toBeGreaterThan(4000);
    const sent = viewer.events().filter(({ type }: Event) => type === "gift.sent");
    const combosOf = (from: Person, type: string) =>
      sent
        .filter(({ data }: Event) => data.sender._id === from.id && data.giftType.id === type)
        .map(({ data }: Event) => data.combo);
    expect(combosOf(sender, rose)).toEqual([1, 2, 3, 4]);
    expect([combosOf(sender, star), combosOf(other, rose)]).toEqual([[1], [1]]);
  }
  // A single gift is no combo, and a combo ends only once.
  await new Promise((done) => setTimeout(done, 3000));
  for (const viewer of viewers) {
    const ends = viewer.events().filter(ended);
    expect(ends).toHaveLength(1);
    const [{ data }] = ends;
    expect(Object.keys(data)).toEqual(["comboId", "sender", "giftType", "count", "credits"]);
    expect(data).toMatchObject({ count: 4, credits: 40, giftType: { id: rose, name: "Rose" } });
    expect(data.sender._id).toBe(sender.id);
    const first = viewer.events().find(({ type }: Event) => type === "gift.sent");
    expect(data.comboId).toBe(first.data.id);
    viewer.close();
  }
});
