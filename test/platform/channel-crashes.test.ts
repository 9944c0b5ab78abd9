/** Channel functions that crash at any request, and changes that arrive in any order. */
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeBan } from "../../domain/streams/ban.ts";
import { makeStream, NewStream } from "../../domain/streams/new-stream.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { endBan } from "../../platform/realtime/ban-ends.ts";
import { applyChannelChange } from "../../platform/realtime/channel-changes.ts";
import { newId } from "../../platform/runtime/id.ts";
import { findBan, liftBan, recordBan } from "../../platform/store/streams/bans.ts";
import { showChannelBan } from "../../platform/store/streams/channel-bans.ts";
import {
  applyChannel,
  changeChannel,
  findChannel,
  withChannel,
} from "../../platform/store/streams/channels.ts";
import { findChannelMember, findMember } from "../../platform/store/streams/members.ts";
import { changeStream, recordStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { atEachRequest } from "./interleaving.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { makeUser, someone } from "./wallet-people.ts";

useOwnTable();

/** Nobody here has a socket. */
const posted = async () => "sent" as const;
const poster = { post: posted, close: posted, probe: posted };
useQueue("MOMENTS_QUEUE_URL");

const now = new Date();
const picture = "https://cdn.example.com/person.png";

/** A live stream of this host that is not recorded yet. */
function newStream(hostId: string): Stream {
  const host = summaryOf(profileOf(hostId, {}, now), picture);
  const given = { id: newId(now), host, defaultThumbnail: picture, now };
  const stream = makeStream(NewStream.parse({ title: "Live" }), given);
  return { ...stream, status: "active", startedAt: now.toISOString() };
}

/** A host with two streams. */
async function hosting() {
  const hostId = await makeUser(someone("host"));
  const streams = [newStream(hostId), newStream(hostId)] as const;
  for (const stream of streams) await recordStream(stream);
  const settings = () =>
    Promise.all(
      streams.map(async ({ id }) => {
        const { slowModeSeconds, blockedWords } = await getStream(id, { consistent: true });
        return { slowModeSeconds, blockedWords };
      }),
    );
  return { hostId, streams, settings };
}

/**
 * Does something in a process that ends before (`isSent` false) or after each of its requests in
 * turn, then `follow`, which the table's stream asks for, and checks what is there.
 */
async function dyingAtEach(
  prepare: () => Promise<{
    act(): Promise<unknown>;
    follow(): Promise<unknown>;
    check(): Promise<void>;
  }>,
): Promise<void> {
  for (const isSent of [false, true])
    for (let last = 1, ended = true; ended; last++) {
      const { act, follow, check } = await prepare();
      const client = table();
      let requests = 0;
      ended = false;
      const send = async (command: object) => {
        if (++requests < last) return client.send(command as never);
        if (requests === last && isSent) await client.send(command as never);
        ended = true;
        throw new Error("The process ended");
      };
      useTable({ send } as unknown as typeof client);
      try {
        await act().catch(() => undefined);
      } finally {
        useTable(client);
      }
      await follow();
      await check();
    }
}

const slow = (slowModeSeconds: number) => ({ slowModeSeconds });

test("a channel's change reaches all streams or none, wherever the call ended", async () => {
  await dyingAtEach(async () => {
    const { hostId, settings } = await hosting();
    const change = { slowModeSeconds: 30, blockedWords: ["bad"] };
    return {
      async act() {
        await changeChannel(hostId, change, now);
        await applyChannel(hostId, now);
      },
      follow: () => applyChannelChange({ channelOf: hostId }, now),
      async check() {
        const { revision } = await findChannel(hostId);
        const none = { slowModeSeconds: 0, blockedWords: [] };
        expect(await settings()).toEqual(Array(2).fill(revision === 0 ? none : change));
      },
    };
  });
});

/*
 * Planted fault that turns this red: `changesFromChannel` without its check of `channelRevision`,
 * and without the one of `changed`.
 */
test("a late copy does not undo changes that the stream itself made since", async () => {
  const { hostId, streams, settings } = await hosting();
  await changeChannel(hostId, { slowModeSeconds: 30, blockedWords: ["bad"] }, now);
  await applyChannel(hostId, now);
  await changeStream(streams[0], () => slow(5), now);
  await applyChannelChange({ channelOf: hostId }, now);
  const [own, other] = [{ slowModeSeconds: 5 }, { slowModeSeconds: 30 }];
  expect(await settings()).toMatchObject([own, other]);
  // What was taken in is not taken again: no write, and no entry in the log of moderation.
  const revisionOf = async () => (await getStream(streams[1].id, { consistent: true })).revision;
  const before = await revisionOf();
  await applyChannelChange({ channelOf: hostId }, now);
  expect(await revisionOf()).toBe(before);
  // A later change of the channel takes with it what it names, and nothing else.
  await changeChannel(hostId, { blockedWords: ["worse"] }, now);
  await applyChannelChange({ channelOf: hostId }, now);
  const words = { blockedWords: ["worse"] };
  expect(await settings()).toMatchObject([
    { ...own, ...words },
    { ...other, ...words },
  ]);
});

/*
 * Planted fault that turns this red: `withChannel` without its condition.
 */
test("a stream that begins while its channel changes gets the change, whichever is first", async () => {
  await atEachRequest(async () => {
    const { hostId } = await hosting();
    const begun = newStream(hostId);
    return {
      act: () =>
        withChannel(hostId, async ({ slowModeSeconds, revision }, check) => {
          const stream = { ...begun, slowModeSeconds, channelRevision: revision };
          return (await recordStream(stream, undefined, [check])) || undefined;
        }),
      async meanwhile() {
        await changeChannel(hostId, slow(30), now);
        await applyChannel(hostId, now);
      },
      async check() {
        expect(await getStream(begun.id, { consistent: true })).toMatchObject(slow(30));
      },
    };
  });
});

/** A host's live stream, a user, and a ban from the channel. */
async function banning(endsAt: string | null = null) {
  const { hostId, streams } = await hosting();
  const [stream] = streams;
  const userId = await makeUser(someone("target"));
  const given = { id: newId(now), stream, target: profileOf(userId, {}, now), by: hostId, now };
  const ban = makeBan({ actionType: "BLOCK", scope: "channel" }, { ...given, endsAt });
  const shown = async () => {
    const member = await findMember(stream.id, userId, { consistent: true });
    return member?.channel?.ban?.id ?? null;
  };
  const held = async () => (await findChannelMember(hostId, userId))?.ban?.id ?? null;
  const moment = { hostId, userId, banId: ban.id, endsAt };
  return { hostId, userId, stream, ban, shown, held, moment };
}

test("a channel's ban is both recorded and shown, or neither, wherever the call ended", async () => {
  await dyingAtEach(async () => {
    const { stream, ban, hostId, userId, shown, held, moment } = await banning();
    return {
      async act() {
        await recordBan(stream, ban, now);
        await showChannelBan(hostId, userId);
      },
      follow: () => endBan(poster, moment, now),
      async check() {
        const isHeld = (await held()) === ban.id;
        expect(await shown()).toBe(isHeld ? ban.id : null);
        expect((await findBan(ban.id, now)) !== undefined).toBe(isHeld);
      },
    };
  });
});

test("an expired ban ends once, wherever the timer's reader ended", async () => {
  await dyingAtEach(async () => {
    const endsAt = new Date(now.getTime() + 60_000);
    const { stream, ban, hostId, userId, shown, held, moment } = await banning(
      endsAt.toISOString(),
    );
    await recordBan(stream, ban, now);
    await showChannelBan(hostId, userId);
    return {
      act: () => endBan(poster, moment, endsAt),
      follow: () => endBan(poster, moment, endsAt),
      async check() {
        expect([await held(), await shown()]).toEqual([null, null]);
        const found = await findBan(ban.id, endsAt);
        expect(found?.deletedAt).toBe(endsAt.toISOString());
      },
    };
  });
});

/*
 * Planted fault that turns this red: `showChannelBan` without its condition on the revision.
 */
test("a ban that is lifted while it is being shown stays lifted in the streams", async () => {
  await atEachRequest(async () => {
    const { stream, ban, hostId, userId, shown, held } = await banning();
    await recordBan(stream, ban, now);
    return {
      act: () => showChannelBan(hostId, userId),
      async meanwhile() {
        await liftBan(ban, hostId, now);
        await showChannelBan(hostId, userId);
      },
      async check() {
        expect([await held(), await shown()]).toEqual([null, null]);
      },
    };
  });
});
