import { objectIdOf } from "../../domain/id.ts";
import { handler as cancel } from "../../functions/streams/cancel.ts";
import { handler as change, contract } from "../../functions/streams/channel/change.ts";
import { handler as create } from "../../functions/streams/create.ts";
import { unitsOf } from "../../platform/http/contract.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { setClock } from "./clock.ts";
import { writeAll } from "./costs/fullest.ts";
import { everyRate, useOwnTable } from "./table.ts";
import { someone } from "./wallet-people.ts";

const burst = 20_000;
useOwnTable({ RATES: everyRate(16, burst) });

/** List entries of planned streams of a host, and of live ones that are newer. */
async function plan(hostId: string, count: number, live = 0): Promise<void> {
  const begin = Math.floor(Date.now() / 1000) - 10_000;
  const dates = { startedAt: null, endedAt: null, plannedStartDate: null };
  const items = Array.from({ length: count + live }, (_, n) => {
    const streamId = objectIdOf(begin + n, "ab".repeat(5), n);
    const listed = { streamId, hostId, status: n < count ? "preparing" : "active", ...dates };
    return [key.openStream(hostId, streamId), key.hosted(hostId, streamId)].map((place) => ({
      ...place,
      ...listed,
    }));
  });
  await writeAll(items.flat());
}

test("a host has at most 1,000 streams that have not begun", async () => {
  const host = someone("planner");
  await plan(host, 999);
  const begin = () => callEndpoint(create, { as: host, body: { title: "Show" } });
  const last = await begin();
  expect(last).toMatchObject({ status: 201 });
  expect(await begin()).toMatchObject({ status: 409, body: { code: "too_many_planned_streams" } });
  const { _id, id = _id } = last.body.data as Record<string, string>;
  expect(await callEndpoint(cancel, { as: host, path: { streamId: id! } })).toMatchObject({
    status: 200,
  });
  expect(await begin()).toMatchObject({ status: 201 });
});

test("live streams do not count as planned, nor do they make room for more", async () => {
  const host = someone("planner");
  await plan(host, 999, 5);
  const begin = () => callEndpoint(create, { as: host, body: { title: "Show" } });
  expect(await begin()).toMatchObject({ status: 201 });
  expect(await begin()).toMatchObject({ status: 409, body: { code: "too_many_planned_streams" } });
});

test("a change of a channel takes units for each stream that it changes", async () => {
  setClock(Date.now());
  const left = async (streams: number) => {
    const host = someone("host");
    await plan(host, streams);
    const body = { slowModeSeconds: 5 };
    const { status, headers } = await callEndpoint(change, { as: host, body });
    expect(status).toBe(200);
    return Number(/r=(\d+)/.exec((headers as { ratelimit: string }).ratelimit)?.[1]);
  };
  const units = unitsOf(contract.cost);
  expect(await left(222)).toBe(burst - units);
  expect(await left(666)).toBe(burst - 3 * units);
});
