import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openTable } from "../../../bin/aws/table.ts";
import { key, prefix } from "../../../platform/table/keys.ts";
import { queryAll } from "../../../platform/table/query.ts";
import {
  call,
  eventually,
  freshId,
  type Person,
  person,
  rich,
  walletOf,
} from "../../api/people.ts";
import type { System } from "../../system.ts";
import {
  auditOf,
  callUntilAnswered,
  countStrikes,
  injectFault,
  settledBalance,
  startOwn,
} from "./running.ts";

/*
 * The system dies while two fundings end: one that goes back to some hundred contributors, member
 * by member, and one that is its host's; and while passes are bought. Planted faults that turn it
 * red: a walk that says it is done before it is; a return whose mark is written apart; a message
 * that is removed before it is done, and no sweep.
 */

const contributors = 200;
const concurrentGivers = 8;
const live = "/api/v1/live-stream";

let system: System;
beforeAll(async () => {
  system = await startOwn();
});
afterAll(async () => {
  const { dataDir } = system;
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function create(wish: Record<string, unknown>): Promise<{ host: Person; id: string }> {
  const host = await person();
  const body = { title: "A stream", ...wish };
  const made = await call(`POST ${live}/create`, { as: host, body });
  return { host, id: made.body.data.id };
}

const plannedStartDate = new Date(Date.now() + 3_600_000).toISOString();
const funded = (fundingGoal: number) => create({ fundingGoal, plannedStartDate });

const start = ({ host: as, id: liveStreamId }: { host: Person; id: string }, key: string) =>
  callUntilAnswered(`POST ${live}/join-as-creator`, { as, key, body: { liveStreamId } });

async function fundByMany(streamIds: readonly string[]): Promise<Person[]> {
  const people: Person[] = [];
  const giveNext = async () => {
    while (people.length < contributors) {
      const as = { id: "", token: "" };
      people.push(as);
      Object.assign(as, await rich(10));
      for (const id of streamIds) {
        const options = { as, key: freshId(), body: { amount: 3 } };
        expect((await callUntilAnswered(`POST ${live}/${id}/fund`, options)).status).toBe(200);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrentGivers }, giveNext));
  return people;
}

/** How many users a stream has refunded, according to the table of a system that was killed. */
async function countReturned(streamId: string): Promise<number> {
  process.env.DATA_DIR = system.dataDir;
  const close = await openTable();
  try {
    let count = 0;
    for await (const { returnedAt } of queryAll(key.member(streamId, ""), {
      prefix: prefix.members,
    }))
      if (returnedAt !== undefined) count++;
    return count;
  } finally {
    await close();
  }
}

test("killed while fundings end, everything goes to the host or is returned, once each", async () => {
  const [lost, won] = [await funded(10_000), await funded(3 * contributors)];
  const paid = await create({ price: 10 });
  await start(paid, freshId());
  const people = await fundByMany([lost.id, won.id]);
  const buyers = await Promise.all(Array.from({ length: 10 }, () => rich(25)));

  // So that the return takes long enough to die in it.
  const slow = { kind: "delay", delayMilliseconds: 200, count: 10_000 } as const;
  await injectFault({ caller: "planned-follow", operation: "TransactWriteItems", ...slow });
  const cancelled = await call(`POST ${live}/${lost.id}/cancel`, { as: lost.host });
  expect(cancelled.status).toBe(200);
  await eventually(countStrikes, (strikes) => strikes > 20);
  const startKey = freshId();
  const started = start(won, startKey);
  const body = { liveStreamId: paid.id };
  const joins = buyers.map((as) => callUntilAnswered(`POST ${live}/join`, { as, body }));
  await Promise.race(joins);
  await system.kill();
  const returned = await countReturned(lost.id);
  expect(returned).toBeGreaterThan(0);
  expect(returned).toBeLessThan(contributors);
  system = await startOwn(system.dataDir, Number(new URL(system.url).port));

  for (const { status } of [await started, ...(await Promise.all(joins))]) expect(status).toBe(200);
  expect((await start(won, startKey)).status).toBe(200);
  expect(await settledBalance(won.host)).toBe(3 * contributors);
  expect(await settledBalance(paid.host)).toBe(10 * buyers.length);
  for (const as of buyers) expect(await walletOf(as)).toMatchObject({ balance: 15 });
  for (const as of people)
    await eventually(
      () => walletOf(as),
      ({ balance }) => balance === 7,
    );
  for (const as of people.slice(0, 20)) {
    const { body } = await call("GET /api/v1/users/me/transactions", { as });
    const refunds = body.data.list.filter(
      ({ type }: { type: string }) => type === "stream_funding_refund",
    );
    expect(refunds).toHaveLength(1);
  }
  expect(await walletOf(lost.host)).toMatchObject({ balance: 0, pending: 0, owed: 0 });
  expect(auditOf(system.dataDir)).toMatchObject({ code: 0 });
});
