import { beforeEach, expect, test } from "@jest/globals";
import { handler as tap } from "../../functions/audience/likes/tap.ts";
import { handler as cancelMoment } from "../../functions/audience/moments/cancel.ts";
import { handler as endMoment } from "../../functions/audience/moments/end.ts";
import { handler as startMoment } from "../../functions/audience/moments/start.ts";
import { handler as castVote } from "../../functions/audience/moments/vote.ts";
import { handler as ban } from "../../functions/streams/bans/create.ts";
import { handler as lift } from "../../functions/streams/bans/lift.ts";
import { handler as endStream } from "../../functions/streams/end.ts";
import { refundPass } from "../../platform/store/money/passes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { crowdPartitions, key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { meterKeys } from "./key-meter.ts";
import { useOwnTable } from "./table.ts";
import { buyOne, forget, makeStream, makeUser, someone } from "./wallet-people.ts";

useOwnTable();

type Scene = { host: string; streamId: string; momentId: string };

let scene: Scene;
beforeEach(async () => {
  scene = await live();
});

async function live(price: number | null = null): Promise<Scene> {
  const host = await makeUser(someone("host"));
  const { id: streamId } = await makeStream(host, { price });
  const body = { kind: "poll", title: "Which?", options: ["Blue", "Red"], seconds: 60 };
  const { body: made } = await callEndpoint(startMoment, { as: host, path: { streamId }, body });
  return { host, streamId, momentId: (made.data as { id: string }).id };
}

/** What a call is answered: 200, or the code of its refusal. */
async function answerOf(handler: unknown, given: Parameters<typeof callEndpoint>[1]) {
  const { status, headers } = await callEndpoint(handler, given);
  return status < 300 ? status : (headers as Record<string, string>)["x-error-code"];
}

const vote = (as: string, { streamId, momentId }: Scene = scene, option = 0) =>
  answerOf(castVote, { as, path: { streamId, momentId }, body: { options: [option] } });
const like = (as: string, { streamId }: Scene = scene) =>
  answerOf(tap, { as, path: { streamId }, body: { session: "session-1", total: 1 } });
const banFrom = (scope: string, actionType = "BLOCK", target = "ann") =>
  callEndpoint(ban, {
    as: scene.host,
    body: { targetUserId: target, liveStreamId: scene.streamId, scope, actionType },
  });

/** As many as there are keys to spread over, and then some. */
const voters = Array.from({ length: 64 }, (_, n) => `voter-${n}`);

/** One call per voter, one after another: reads of one moment would be shared within a process. */
async function eachVoter(act: (voter: string) => Promise<unknown>): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const voter of voters) answers.push(await act(voter));
  return answers;
}

test("a vote reads no key that all voters share, except their host's channel", async () => {
  const { host, streamId, momentId } = scene;
  await vote("first");
  const units = meterKeys();
  expect(await eachVoter((one) => vote(one))).toEqual(voters.map(() => 200));
  const shared = [key.stream(streamId).PK, key.crowdRest(momentId).PK, key.crowdRest(streamId).PK];
  expect(shared.map((owner) => units.get(owner) ?? 0)).toEqual([0, 0, 0]);
  expect(units.get(key.channel(host).PK)).toBeCloseTo(voters.length);
  // Each reads its vote, and the marks of the poll's end and the stream's.
  const spread = [...crowdPartitions(momentId), ...crowdPartitions(streamId)];
  const most = Math.max(...spread.map(({ PK }) => units.get(PK) ?? 0));
  expect(most).toBeLessThan(voters.length);
  expect(most).toBeGreaterThan(0);
});

test("a like reads one unit of its stream's key: the goals that it may count for", async () => {
  await like("first");
  const units = meterKeys();
  expect(await eachVoter((one) => like(one))).toEqual(voters.map(() => 200));
  expect(units.get(key.stream(scene.streamId).PK)).toBeCloseTo(voters.length);
});

test("users who voted before see at once that a poll was ended by hand", async () => {
  for (const [handler, by] of [
    [endMoment, scene],
    [cancelMoment, await live()],
  ] as const) {
    const { host: as, streamId, momentId } = by;
    await Promise.all(voters.map((one) => vote(one, by)));
    expect(await answerOf(handler, { as, path: { streamId, momentId }, key: "over" })).toBe(200);
    const refused = await Promise.all(voters.map((one) => vote(one, by, 1)));
    expect(new Set(refused)).toEqual(new Set(["moment_over"]));
    expect(await like("ann", by)).toBe(200);
  }
});

test("users who voted or liked before see at once that the stream ended", async () => {
  const { host: as, streamId } = scene;
  await Promise.all(voters.flatMap((one) => [vote(one), like(one)]));
  expect(await answerOf(endStream, { as, path: { streamId }, key: "end" })).toBe(200);
  const votes = await Promise.all(voters.map((one) => vote(one, scene, 1)));
  const likes = await Promise.all(voters.map((one) => like(one)));
  expect([new Set(votes), new Set(likes)]).toEqual([
    new Set(["moment_over"]),
    new Set(["stream_not_live"]),
  ]);
});

test.each(["stream", "channel"])(
  "a block from the %s holds at once, until it is lifted",
  async (scope) => {
    expect([await vote("ann"), await like("ann")]).toEqual([200, 200]);
    await makeUser("ann");
    const { status, body } = await banFrom(scope);
    expect(status).toBe(200);
    expect([await vote("ann"), await like("ann")]).toEqual(["member_blocked", "member_blocked"]);
    expect(await vote("ben")).toBe(200);
    const { _id: banId } = body.data as { _id: string };
    await callEndpoint(lift, { as: scene.host, path: { id: banId }, key: "lift" });
    expect([await vote("ann", scene, 1), await like("ann")]).toEqual([200, 200]);
  },
);

test("muted users may vote and like", async () => {
  await makeUser("ann");
  await vote("ben");
  expect((await banFrom("stream", "CHAT_ONLY")).status).toBe(200);
  expect([await vote("ann"), await like("ann")]).toEqual([200, 200]);
});

test("a poll is found only in its own stream", async () => {
  const other = await live();
  await vote("ann");
  expect(await vote("ben", { ...other, momentId: scene.momentId })).toBe("moment_not_found");
});

test("a paid stream accepts votes and likes of users with a pass, as long as they have it", async () => {
  const paid = await live(30);
  const ann = await makeUser(someone("ann"), 100);
  const both = async (as: string) => [await vote(as, paid), await like(as, paid)];
  expect(await both(paid.host)).toEqual([200, 200]);
  expect(await both(ann)).toEqual(["pass_required", "pass_required"]);
  const stream = await getStream(paid.streamId);
  await buyOne(stream, ann);
  expect(await both(ann)).toEqual([200, 200]);
  await refundPass({ streamId: stream.id, userId: ann, adminId: "admin" }, new Date(), forget);
  expect(await both(ann)).toEqual(["pass_required", "pass_required"]);
});
