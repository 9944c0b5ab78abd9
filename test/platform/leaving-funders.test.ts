import { describe, expect, test } from "@jest/globals";
import { Refusal } from "../../domain/refusal.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { cancelStream, deleteStream, startStream } from "../../domain/streams/stream-lifecycle.ts";
import { NewRoom } from "../../domain/tencent/room-info.ts";
import { handler as join } from "../../functions/streams/join-as-creator.ts";
import { continueErasure } from "../../platform/own-data/erasure.ts";
import { collectOwnData } from "../../platform/own-data/export.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { applyDueTime } from "../../platform/planned-streams/due-times.ts";
import { newId } from "../../platform/runtime/id.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { findProfile } from "../../platform/store/people/users.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { openRoom } from "../../platform/store/tencent/room-lifecycle.ts";
import { findRoom } from "../../platform/store/tencent/rooms.ts";
import { putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { auditTable, giveTo, plannedStream } from "./fundings.ts";
import { atEachRequest } from "./interleaving.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { makeUser, someone } from "./wallet-people.ts";

/*
 * A contributor cannot delete their account until the funding is decided, because a return would
 * have no receiver. The host keeps their share; the next user with the same sub gets nothing.
 */

useOwnTable({ LIVE_STREAMS_PER_USER: "3" });
useQueue("ERASURES_QUEUE_URL", "PLANS_QUEUE_URL", "NOTICES_QUEUE_URL");

const leave = (userId: string) => removeUser({ userId, isForfeit: true, now: new Date() });
const isInUse = { code: "account_in_use", details: [expect.stringContaining("are held")] };

/** Planted fault that turns this red: streams that are deleted are not looked at. */
test("a user with contributions to a deleted stream cannot delete their account until they are returned", async () => {
  const stream = await plannedStream();
  const giver = await giveTo(stream, 10);
  const now = new Date();
  const current = await getStream(stream.id, { consistent: true });
  await changeStream(current, (one) => deleteStream(one, now), now);
  await expect(leave(giver)).rejects.toMatchObject(isInUse);
  await applyDueTime({ streamId: stream.id }, now);
  await leave(giver);
  expect(await findWallet(giver)).toMatchObject({ balance: 0 });
  expect(await auditTable()).toEqual([]);
});

/** Planted fault that turns this red: only the newest hundred streams are looked at. */
test("a user with contributions to more streams than one list shows cannot delete their account", async () => {
  const stream = await plannedStream();
  const giver = await giveTo(stream, 10);
  const [createdAt, later] = [new Date().toISOString(), "f".repeat(20)];
  for (let n = 0; n < 250; n++) {
    const streamId = `${later}${(0x1000 + n).toString(16)}`;
    await putItem({ ...key.funded(giver, streamId), streamId, createdAt });
  }
  await expect(leave(giver)).rejects.toMatchObject(isInUse);
});

/** Planted fault that turns this red: a wallet that moved is decided on without another look. */
test("a user who contributes while deleting their account either stays or has contributed nothing", async () => {
  await atEachRequest(async () => {
    const stream = await plannedStream();
    const giver = await makeUser(someone("giver"), 10);
    const outcomes: string[] = [];
    const note = (what: string) => (act: Promise<unknown>) =>
      act.then(
        () => void outcomes.push(what),
        () => undefined,
      );
    return {
      act: () => note("left")(leave(giver)),
      meanwhile: () => note("gave")(giveTo(stream, 10, giver)),
      check: async () => {
        expect(outcomes).toHaveLength(1);
        await changeStream(
          await getStream(stream.id, { consistent: true }),
          cancelStream,
          new Date(),
        );
        await applyDueTime({ streamId: stream.id }, new Date());
        const balance = outcomes[0] === "gave" ? 10 : 0;
        expect(await findWallet(giver)).toMatchObject({ balance });
      },
    };
  });
  expect(await auditTable()).toEqual([]);
});

test("a host who leaves gets nothing: their planned stream is cancelled, and everything is returned", async () => {
  const stream = await plannedStream();
  const givers = [await giveTo(stream, 70), await giveTo(stream, 30)];
  await leave(stream.hostId);
  await continueErasure(stream.hostId, 50);
  const now = new Date();
  await applyDueTime({ streamId: stream.id }, now);
  expect(await findWallet(givers[0]!)).toMatchObject({ balance: 140 });
  expect(await findWallet(givers[1]!)).toMatchObject({ balance: 60 });
  // The next user of the same sub cannot begin it.
  const current = await getStream(stream.id, { consistent: true });
  expect(current).toMatchObject({ status: "cancelled_by_host", host: { username: "" } });
  expect(() => startStream(current, current.host, now)).toThrow("stream_not_startable");
  expect(await findWallet(stream.hostId)).toMatchObject({ balance: 0, owed: 0 });
  expect(await auditTable()).toEqual([]);
});

/** A call's outcome: "done", or the code of its refusal. */
const outcomeOf = (act: Promise<unknown>) =>
  act.then(
    () => "done",
    (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
  );

/** Fails if a stream is live whose host has no account. */
async function expectHosted(streamId: string, hostId: string) {
  const { status } = await getStream(streamId, { consistent: true });
  const profile = await findProfile(hostId, { consistent: true });
  expect({ status, isKnown: profile !== undefined }).not.toEqual({
    status: "active",
    isKnown: false,
  });
}

describe("a host who deletes their account while they", () => {
  const start = async ({ id, hostId }: Stream) => {
    const { status, body } = await callEndpoint(join, { as: hostId, body: { liveStreamId: id } });
    return status === 200 ? "done" : (body as { code: string }).code;
  };

  test.each(["start", "leave"])(
    "go live keeps it, or the contributions are returned (%s first)",
    async (first) => {
      await atEachRequest(async () => {
        const stream = await plannedStream();
        const { id, hostId } = stream;
        const giver = await giveTo(stream, 100);
        const outcomes: Record<string, string> = {};
        const acts: Record<string, () => Promise<void>> = {
          start: async () => {
            outcomes.start = await start(stream);
          },
          leave: async () => {
            outcomes.leave = await outcomeOf(leave(hostId));
          },
        };
        const other = first === "start" ? "leave" : "start";
        return {
          act: acts[first]!,
          meanwhile: acts[other]!,
          check: async () => {
            expect([
              { start: "done", leave: "account_in_use" },
              { start: "stream_not_startable", leave: "done" },
            ]).toContainEqual(outcomes);
            await expectHosted(id, hostId);
            await continueErasure(hostId, 50);
            await applyDueTime({ streamId: id }, new Date());
            const balance = outcomes.leave === "done" ? 200 : 100;
            expect(await findWallet(giver)).toMatchObject({ balance });
          },
        };
      });
      expect(await auditTable()).toEqual([]);
    },
  );

  test("are given a room keeps it, or the room is not created", async () => {
    await atEachRequest(async () => {
      const owner = await makeUser(someone("owner"));
      const RoomId = someone("room");
      const given = { RoomId, RoomName: "A room", RoomType: "Live", Owner_Account: owner };
      const open = () => {
        const now = new Date();
        return openRoom(NewRoom.parse(given), { owner, now, newId: () => newId(now) });
      };
      const outcomes: string[] = [];
      return {
        act: async () => void outcomes.push(await outcomeOf(leave(owner))),
        meanwhile: async () => void outcomes.push(await outcomeOf(open())),
        check: async () => {
          expect([
            ["done", "account_in_use"],
            ["unavailable", "done"],
            ["done", "done"],
          ]).toContainEqual(outcomes);
          const room = await findRoom(RoomId);
          if (room !== undefined) await expectHosted(room.id, owner);
        },
      };
    });
  });
});

test("an export shows contributions and their outcomes, and nothing of a former user", async () => {
  const [open, won, lost] = [
    await plannedStream(),
    await plannedStream({ price: 5 }),
    await plannedStream(),
  ];
  const giver = await makeUser(someone("giver"), 100);
  for (const stream of [open, won, won, lost]) await giveTo(stream, 10, giver);
  await giveTo(won, 80);
  const now = new Date();
  const current = (streamId: string) => getStream(streamId, { consistent: true });
  await changeStream(await current(won.id), (one) => startStream(one, one.host, now), now);
  await changeStream(await current(lost.id), cancelStream, now);
  await applyDueTime({ streamId: lost.id }, now);
  const { contributions } = await collectOwnData(giver, now);
  const at = expect.any(String);
  expect(contributions).toEqual([
    { streamId: lost.id, amount: 10, at, returnedAt: at },
    { streamId: won.id, amount: 20, at, returnedAt: null },
    { streamId: open.id, amount: 10, at, returnedAt: null },
  ]);
  await changeStream(await current(open.id), cancelStream, now);
  await applyDueTime({ streamId: open.id }, now);
  await leave(giver);
  await continueErasure(giver, 50);
  await makeUser(giver, 5);
  expect((await collectOwnData(giver, new Date())).contributions).toEqual([]);
  expect(await auditTable()).toEqual([]);
});
