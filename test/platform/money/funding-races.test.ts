import { describe, expect, test } from "@jest/globals";
import { Refusal } from "../../../domain/refusal.ts";
import { Stream } from "../../../domain/streams/stream.ts";
import {
  cancelStream,
  deleteStream,
  endStream,
  startStream,
} from "../../../domain/streams/stream-lifecycle.ts";
import { applyDueTime } from "../../../platform/planned-streams/due-times.ts";
import { refundPass } from "../../../platform/store/money/passes.ts";
import { settleAll } from "../../../platform/store/money/settle.ts";
import { findWallet } from "../../../platform/store/money/wallets.ts";
import { findMember } from "../../../platform/store/streams/members.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";
import { getItem } from "../../../platform/table/items.ts";
import { key, prefix } from "../../../platform/table/keys.ts";
import { queryItems } from "../../../platform/table/query.ts";
import { auditTable, giveTo, plannedStream } from "../fundings.ts";
import { atEachRequest } from "../interleaving.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import { buyOne, forget, makeStream, makeUser, someone } from "../wallet-people.ts";

/*
 * Two deeds on one stream at the same moment: one is done before each request of the other, so in
 * every order that the table can see. Whichever is first decides, and the money is whole. Planted
 * faults that turn it red: a closing that does not compare the amounts, or does not look at empty
 * parts; a contribution to a closed part; a deletion that decides nothing; a goal that is reached
 * only beyond it; proceeds that are not written with the closing; a pass that is bought without the
 * condition that there is none.
 */

useOwnTable();
useQueue("PLANS_QUEUE_URL");

/** A refusal is a normal answer: only the balances afterwards count. */
const isDone = (act: Promise<unknown>): Promise<boolean> =>
  act.then(
    () => true,
    (error: unknown) => {
      if (error instanceof Refusal) return false;
      throw error;
    },
  );

const pairsOf = <Name extends string>(deeds: Record<Name, unknown>) => {
  const names = Object.keys(deeds) as Name[];
  return names.flatMap((first) => names.map((second) => [first, second] as const));
};

const later = () => new Date(Date.now() + 2 * 3_600_000 + 1_000);
const isInTime = (at: string | null) => at !== null && Date.parse(at) < Date.now() + 3_600_000;
const read = async (id: string) => (await getItem(Stream, key.stream(id), { consistent: true }))!;

async function settleDue(streamId: string): Promise<void> {
  const walk = { limit: 100, consistent: true };
  await settleAll(await queryItems(key.gift(streamId, ""), prefix.gifts, walk), new Date());
}

const balanceOf = async (userId: string) => (await findWallet(userId)).balance;

describe("a funding", () => {
  /** Its giver has given sixty of sixty and has sixty left; another user has twenty. */
  type Scene = { stream: Stream; giver: string; other: string };
  const change = (
    { stream }: Scene,
    decide: Parameters<typeof changeStream>[1],
    now = new Date(),
  ) => changeStream(stream, decide, now);
  const begin = (scene: Scene, now = new Date()) =>
    change(scene, (one) => startStream(one, one.host, now), now);
  const deeds = {
    "goes live": (scene: Scene) => begin(scene),
    "goes live late": (scene: Scene) => begin(scene, later()),
    "is cancelled": (scene: Scene) => change(scene, cancelStream),
    "is deleted": (scene: Scene) => change(scene, (one) => deleteStream(one, new Date())),
    "runs out of time": ({ stream: { id } }: Scene) => applyDueTime({ streamId: id }, later()),
    "is given more": ({ stream, giver }: Scene) => giveTo(stream, 20, giver),
    "is given more by another": ({ stream, other }: Scene) => giveTo(stream, 20, other),
  };
  const isGift = (name: keyof typeof deeds) => name.startsWith("is given more");

  test.each(pairsOf(deeds))("that %s when it %s", async (first, second) => {
    await atEachRequest(async () => {
      const stream = await plannedStream({ fundingGoal: 60 });
      const giver = await giveTo(stream, 60);
      const scene = { stream, giver, other: await makeUser(someone("other"), 20) };
      let given = 60;
      const run = async (name: keyof typeof deeds) => {
        if ((await isDone(deeds[name](scene))) && isGift(name)) given += 20;
      };
      return {
        act: () => run(first),
        meanwhile: () => run(second),
        check: async () => {
          // Two contributions do not end it, so cancel it here.
          if (isGift(first) && isGift(second))
            await change({ ...scene, stream: await read(stream.id) }, cancelStream);
          for (let time = 0; time < 2; time++) {
            await applyDueTime({ streamId: stream.id }, new Date());
            await settleDue(stream.id);
          }
          const { funding, status, startedAt } = await read(stream.id);
          expect(funding?.collected).toBe(given);
          const isHosts =
            status === "active" && funding?.closedAt === startedAt && isInTime(startedAt);
          expect(funding?.outcome).toBe(isHosts ? "host" : "back");
          expect(await balanceOf(stream.hostId)).toBe(isHosts ? given : 0);
          const left = [await balanceOf(giver), await balanceOf(scene.other)];
          expect(left[0]! + left[1]!).toBe(140 - (isHosts ? given : 0));
          if (!isHosts) expect(left).toEqual([120, 20]);
        },
      };
    });
    expect(await auditTable()).toEqual([]);
  });

  test("is decided once, as a whole, while many calls end it and contribute to it", async () => {
    for (let round = 0; round < 10; round++) {
      const stream = await plannedStream({ fundingGoal: 60 });
      await giveTo(stream, 60);
      const people = await Promise.all(
        Array.from({ length: 12 }, () => makeUser(someone("other"), 20)),
      );
      const gifts = people.map((giver) =>
        isDone(deeds["is given more"]({ stream, giver, other: "" })),
      );
      const ends = (["goes live", "is cancelled", "runs out of time"] as const).map((name) =>
        isDone(deeds[name]({ stream, giver: "", other: "" })),
      );
      await Promise.all(ends);
      const given = 60 + 20 * (await Promise.all(gifts)).filter((done) => done).length;
      await Promise.all([1, 2].map(() => applyDueTime({ streamId: stream.id }, new Date())));
      await Promise.all([1, 2].map(() => settleDue(stream.id)));
      const { funding } = await read(stream.id);
      expect(funding?.collected).toBe(given);
      const isHosts = funding?.outcome === "host";
      expect(await balanceOf(stream.hostId)).toBe(isHosts ? given : 0);
      if (!isHosts) expect(await Promise.all(people.map(balanceOf))).toEqual(people.map(() => 20));
    }
    expect(await auditTable()).toEqual([]);
  });
});

describe("a pass", () => {
  const price = 10;
  type Scene = { stream: Stream; viewer: string };
  const whose = ({ stream: { id: streamId }, viewer: userId }: Scene) => {
    return { streamId, userId, adminId: "an-admin" };
  };
  const deeds = {
    bought: ({ stream, viewer }: Scene) => buyOne(stream, viewer),
    refunded: (scene: Scene) => refundPass(whose(scene), new Date(), forget),
    settled: ({ stream }: Scene) => settleDue(stream.id),
    "in a stream that ends": ({ stream }: Scene) =>
      changeStream(stream, (one) => endStream(one, new Date(), "host"), new Date()),
  };

  /** A user with a pass has paid its price to the host; a user without one has paid nothing. */
  async function expectPaid({ stream, viewer }: Scene): Promise<void> {
    await settleDue(stream.id);
    const { pass } = (await findMember(stream.id, viewer, { consistent: true })) ?? {};
    const paid = pass === undefined ? 0 : price;
    expect(await findWallet(viewer)).toMatchObject({ balance: 100 - paid, owed: 0 });
    expect(await findWallet(stream.hostId)).toMatchObject({ balance: paid, owed: 0 });
  }

  async function scene(): Promise<Scene> {
    const stream = await makeStream(await makeUser(someone("host")), { price });
    return { stream, viewer: await makeUser(someone("viewer"), 100) };
  }

  const pairs = pairsOf(deeds).flatMap((pair) =>
    [false, true].map((has) => [...pair, has] as const),
  );
  test.each(pairs)("that is %s while it is %s (there was one: %s)", async (first, second, has) => {
    await atEachRequest(async () => {
      const one = await scene();
      if (has) await buyOne(one.stream, one.viewer);
      return {
        act: () => isDone(deeds[first](one)),
        meanwhile: () => isDone(deeds[second](one)),
        check: () => expectPaid(one),
      };
    });
    expect(await auditTable()).toEqual([]);
  });

  test("twenty joins, five refunds and three settlements at once", async () => {
    for (let round = 0; round < 5; round++) {
      const one = await scene();
      const all = [
        ...Array.from({ length: 20 }, () => deeds.bought(one)),
        ...Array.from({ length: 5 }, () => deeds.refunded(one)),
        ...Array.from({ length: 3 }, () => deeds.settled(one)),
      ];
      await Promise.all(all.map(isDone));
      await expectPaid(one);
    }
    expect(await auditTable()).toEqual([]);
  });
});
