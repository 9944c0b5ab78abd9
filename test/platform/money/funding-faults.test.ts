import { afterEach, expect, jest, test } from "@jest/globals";
import { startStream } from "../../../domain/streams/stream-lifecycle.ts";
import * as cancel from "../../../functions/streams/cancel.ts";
import * as remove from "../../../functions/streams/delete.ts";
import * as fund from "../../../functions/streams/fund.ts";
import * as join from "../../../functions/streams/join.ts";
import * as begin from "../../../functions/streams/join-as-creator.ts";
import * as refund from "../../../functions/streams/passes/refund.ts";
import * as follow from "../../../functions/streams/planned/follow.ts";
import { newId } from "../../../platform/runtime/id.ts";
import { settleAll } from "../../../platform/store/money/settle.ts";
import { findWallet } from "../../../platform/store/money/wallets.ts";
import { findMember } from "../../../platform/store/streams/members.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../../platform/store/streams/streams.ts";
import { key, prefix } from "../../../platform/table/keys.ts";
import { queryItems } from "../../../platform/table/query.ts";
import { callEndpoint } from "../api-call.ts";
import { setClock } from "../clock.ts";
import { auditTable, giveTo, plannedStream } from "../fundings.ts";
import { intercept } from "../intercept.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import { makeStream, makeUser, someone } from "../wallet-people.ts";

/*
 * Fails every write of paid streams and funding in every way, repeats the call with its key, runs
 * the consumers, and checks that each user has the right balance. Planted faults that turn it red:
 * a charge or refund whose pass is written after its transaction; a contribution whose escrow is
 * written apart from the debit; proceeds written after the escrow is closed; a return whose mark is
 * written apart; transact() with a new token for each try.
 */

useOwnTable({ LIVE_STREAMS_PER_USER: "5" });
useQueue("NOTICES_QUEUE_URL", "PLANS_QUEUE_URL");
afterEach(() => {
  jest.useRealTimers();
});

const failure = (name: string, httpStatusCode: number) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });

type Fate = { error: Error; isDone: boolean; isLast?: true };

/** What becomes of one write; after the last one nothing is answered any more. */
const fates: Record<string, Fate> = {
  "an error before it": { error: failure("InternalServerError", 500), isDone: false },
  "an error after it": { error: failure("InternalServerError", 500), isDone: true },
  throttle: { error: failure("ThrottlingException", 400), isDone: false },
  silence: { error: failure("TimeoutError", 0), isDone: false },
  "silence after it": { error: failure("TimeoutError", 0), isDone: true },
  "death before it": { error: new Error("killed"), isDone: false, isLast: true },
  "death after it": { error: new Error("killed"), isDone: true, isLast: true },
};

/** Does something with a fate at its write number `at`; answers whether there was one. */
async function strike({ error, isDone, isLast }: Fate, at: number, act: () => Promise<unknown>) {
  let writes = 0;
  const undo = intercept(async ({ name }, next) => {
    const isWrite = /^(Put|Update|Delete|TransactWrite|BatchWrite)Command$/.test(name);
    if (isWrite) writes++;
    if (writes < at || (writes > at && !isLast) || !(isWrite || isLast)) return next();
    if (isWrite && writes === at && isDone) await next();
    throw error;
  });
  try {
    await act().catch(() => undefined);
  } finally {
    undo();
  }
  return writes >= at;
}

const [price, hour] = [10, 3_600_000];

type Play = {
  streamId: string;
  act: () => Promise<unknown>;
  /** The answer to a repetition: 200, or that nothing is left to do. */
  says?: readonly number[];
  /** Balances as they are in the end, by user. */
  ends: Record<string, number>;
  /** Who has a pass then. */
  passes?: string[];
};

const balances = (ids: readonly string[], credits: number) =>
  Object.fromEntries(ids.map((id) => [id, credits]));

/** A call with a key, which is the same however often it is made. */
function keyed(handler: unknown, call: Omit<Parameters<typeof callEndpoint>[1], "key">) {
  const key = newId(new Date());
  return () => callEndpoint(handler, { ...call, key });
}

async function paid() {
  const [host, viewer] = [await makeUser(someone("host")), await makeUser(someone("viewer"), 30)];
  const { id: streamId } = await makeStream(host, { price });
  const body = { liveStreamId: streamId };
  return { host, viewer, streamId, join: keyed(join.handler, { as: viewer, body }) };
}

/** A planned stream with what three have given to it: 60 of 100. */
async function funded() {
  const stream = await plannedStream();
  const givers = [await giveTo(stream, 30), await giveTo(stream, 20), await giveTo(stream, 10)];
  const { id: streamId, hostId: host } = stream;
  const back = { ...balances([host], 0), [givers[0]!]: 60, [givers[1]!]: 40, [givers[2]!]: 20 };
  return { stream, streamId, host, givers, back };
}

const message = (streamId: string) => ({
  Records: [{ messageId: "1", body: JSON.stringify({ streamId }) }],
});
const followNow = (streamId: string) =>
  (follow.handler as (event: object) => Promise<unknown>)(message(streamId));

const plays: Record<string, () => Promise<Play>> = {
  "a join": async () => {
    const { host, viewer, streamId, join: act } = await paid();
    return { streamId, act, ends: { [host]: price, [viewer]: 20 }, passes: [viewer] };
  },
  "a join and a refund": async () => {
    const { host, viewer, streamId, join: enter } = await paid();
    await enter();
    const path = { streamId, userId: viewer };
    const act = keyed(refund.handler, { as: "boss", roles: ["admin"], path });
    return { streamId, act, ends: { [host]: 0, [viewer]: 30 }, passes: [] };
  },
  "a contribution": async () => {
    const { streamId, host, givers } = await funded();
    const [as] = givers as [string];
    const act = keyed(fund.handler, { as, path: { streamId }, body: { amount: 5 } });
    return { streamId, act, ends: { [host]: 0, [as]: 25 } };
  },
  "going live with the goal": async () => {
    const { streamId, host, givers, stream } = await funded();
    const giver = await giveTo(stream, 50);
    const body = { liveStreamId: streamId };
    const act = keyed(begin.handler, { as: host, body });
    const ends = { [host]: 110, [giver]: 50, [givers[0]!]: 30 };
    return { streamId, act, ends };
  },
  "going live without the goal": async () => {
    const { streamId, host, back } = await funded();
    const act = keyed(begin.handler, { as: host, body: { liveStreamId: streamId } });
    return { streamId, act, ends: back };
  },
  "a cancellation": async () => {
    const { streamId, host, back } = await funded();
    return { streamId, act: keyed(cancel.handler, { as: host, path: { streamId } }), ends: back };
  },
  "a deletion": async () => {
    const { streamId, host, back } = await funded();
    const act = keyed(remove.handler, { as: host, path: { streamId } });
    return { streamId, act, says: [200, 404], ends: back };
  },
  "the end of its time": async () => {
    const { streamId, back } = await funded();
    setClock(Date.now() + 2 * hour + 1_000);
    return { streamId, act: () => followNow(streamId), ends: back };
  },
  "the return": async () => {
    const { streamId, host, back } = await funded();
    await keyed(cancel.handler, { as: host, path: { streamId } })();
    return { streamId, act: () => followNow(streamId), ends: back };
  },
  "the settling of proceeds": async () => {
    const { stream, streamId, host } = await funded();
    await giveTo(stream, 50);
    const now = new Date();
    const current = await getStream(streamId, { consistent: true });
    await changeStream(current, (one) => startStream(one, one.host, now), now);
    return { streamId, act: () => settleDue(streamId), ends: { [host]: 110 } };
  },
};

/** What the table's stream or the sweep brings: all gifts of a stream that are due. */
async function settleDue(streamId: string): Promise<void> {
  const items = await queryItems(key.gift(streamId, ""), prefix.gifts, {
    limit: 100,
    consistent: true,
  });
  await settleAll(items, new Date());
}

const cases = Object.keys(plays).flatMap((play) =>
  Object.keys(fates).map((fate) => ({ play, fate })),
);

test.each(cases)(
  "no money is lost after $play, with $fate at each of its writes",
  async ({ play, fate }) => {
    for (let at = 1; ; at++) {
      const { streamId, act, says = [200], ends, passes = [] } = await plays[play]!();
      const isStruck = await strike(fates[fate]!, at, act);
      for (let again = 0; again < 2; again++) {
        const answer = (await act()) as { status?: number } | undefined;
        expect(says).toContain(answer?.status ?? 200);
        // After a while another call may take over the work of one that died.
        setClock(Date.now() + 120_000);
      }
      for (let time = 0; time < 2; time++) {
        await settleDue(streamId);
        await followNow(streamId);
      }
      for (const [userId, balance] of Object.entries(ends)) {
        const wallet = await findWallet(userId);
        expect({ at, ...wallet }).toMatchObject({ at, userId, balance, owed: 0 });
        const member = await findMember(streamId, userId, { consistent: true });
        expect({ userId, has: member?.pass !== undefined }).toEqual({
          userId,
          has: passes.includes(userId),
        });
      }
      if (!isStruck) {
        expect(at).toBeGreaterThan(1);
        break;
      }
    }
    expect(await auditTable()).toEqual([]);
  },
);

/** Only the transaction's own token knows that the lost try was committed. */
test.each(["an error after it", "silence after it"])(
  "a contribution without a key, with %s: held once",
  async (fate) => {
    const { streamId, givers } = await funded();
    const [as] = givers as [string];
    const call = { as, path: { streamId }, body: { amount: 5 } };
    let answer: { status: number } | undefined;
    await strike(fates[fate]!, 1, async () => {
      answer = await callEndpoint(fund.handler, call);
    });
    expect(answer?.status).toBe(200);
    expect(await findWallet(as)).toMatchObject({ balance: 25 });
    expect(await auditTable()).toEqual([]);
  },
);
