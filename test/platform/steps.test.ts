import { openMax, optionsMax } from "../../domain/audience/moment.ts";
import { recordOf } from "../../domain/log/change.ts";
import { handler as tap } from "../../functions/audience/likes/tap.ts";
import { handler as startMoment } from "../../functions/audience/moments/start.ts";
import { handler as castVote } from "../../functions/audience/moments/vote.ts";
import { handler as connect } from "../../functions/log/realtime/connect.ts";
import { handler as disconnect } from "../../functions/log/realtime/disconnect.ts";
import { handler as ping } from "../../functions/log/realtime/ping.ts";
import { handler as subscribe } from "../../functions/log/realtime/subscribe.ts";
import { handler as sendGift } from "../../functions/money/gifts/create.ts";
import { handler as listMessages } from "../../functions/streams/chat/list-messages.ts";
import { handler as sendMessage } from "../../functions/streams/chat/send-message.ts";
import { handler as superlike } from "../../functions/streams/chat/superlike.ts";
import { handler as join } from "../../functions/streams/join.ts";
import { createPushCache } from "../../platform/push/push-cache.ts";
import { resumeAll } from "../../platform/push/resume.ts";
import { newId } from "../../platform/runtime/id.ts";
import { findMoment } from "../../platform/store/audience/moments.ts";
import { connectionExpiry, putConnection } from "../../platform/store/log/connections.ts";
import { getLog, newLog } from "../../platform/store/log/logs.ts";
import { findSubscriber, putSubscriber } from "../../platform/store/log/subscribers.ts";
import { dueOf } from "../../platform/store/money/due.ts";
import { recordGiftType } from "../../platform/store/money/gift-types.ts";
import { settle } from "../../platform/store/money/settle.ts";
import { findMessage } from "../../platform/store/streams/messages.ts";
import { deleteMessage } from "../../platform/store/streams/pins.ts";
import { putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { chatRecord } from "../domain/frame-samples.ts";
import { callEndpoint } from "./api-call.ts";
import { meterTable, type Spent } from "./call-meter.ts";
import { setScene } from "./push/scene.ts";
import { expectRecorded } from "./recorded-units.ts";
import { useOwnTable } from "./table.ts";
import { forget, giftTypeOf, makeStream, makeUser, readGift } from "./wallet-people.ts";

const settings = { WS_ENDPOINT: "http://127.0.0.1:9", SOCKETS_PER_USER: "10" };
useOwnTable(settings);

let measure: ReturnType<typeof meterTable>;
let stream: Awaited<ReturnType<typeof makeStream>>;
const type = giftTypeOf(10);
const picture = "https://cdn.example.com/gift.svg";
const train = {
  enabled: true,
  startCredits: 20,
  startSenders: 2,
  windowSeconds: 300,
  levels: [30, 1_000],
  levelSeconds: 60,
};

beforeAll(async () => {
  await makeUser("viewer", 1_000_000);
  await recordGiftType({ ...type, svgUrl: picture }, forget(undefined));
  measure = meterTable();
});
beforeEach(async () => {
  stream = await makeStream(await makeUser("host"));
});

type Call = Omit<Parameters<typeof callEndpoint>[1], "as"> & { as?: string };
/** Calls, by default as a viewer, and expects success. */
async function call(handler: unknown, given: Call) {
  const { status, body } = await callEndpoint(handler, { as: "viewer", ...given });
  expect(status).toBeLessThan(300);
  return body;
}

const path = () => ({ streamId: stream.id });
const content = "Herkese selam! Yayın çok güzel.";
const say = (given: { key?: string; replyTo?: string } = {}) => {
  const { replyTo, ...key } = given;
  return call(sendMessage, { path: path(), body: { content, replyTo }, ...key });
};
const give = (given: { key?: string; as?: string } = {}) =>
  call(sendGift, { body: { giftTypeId: type.id, liveStreamId: stream.id }, ...given });
const like = (key: { key?: string } = {}) => call(superlike, { path: path(), ...key });
const history = (page: number) =>
  call(listMessages, { path: path(), query: { page: `${page}`, limit: "30" } });

/**
 * What calls ask of the table, so that a change which adds a step, a call or a unit is seen. The
 * authorizer is not in it: it reads the caller's profile once for each user and environment.
 */
test("a chat message costs a fixed number of steps, calls and units", async () => {
  const spent: Record<string, Spent> = {};
  spent["chat message, first of an environment"] = await measure(() => say());
  spent["chat message"] = await measure(() => say());
  spent["chat message with a key"] = await measure(() => say({ key: "key" }));
  spent["chat message with a key, repeated"] = await measure(() => say({ key: "key" }));
  const { _id } = await say();
  spent["reply in the chat"] = await measure(() => say({ replyTo: String(_id) }));
  expectRecorded(spent);
});

test("a gift and a superlike cost a fixed number of steps, calls and units", async () => {
  const spent: Record<string, Spent> = {};
  spent["gift, first of an environment"] = await measure(() => give());
  spent.gift = await measure(() => give());
  spent["gift with a key"] = await measure(() => give({ key: "key" }));
  spent.superlike = await measure(() => like());
  spent["superlike with a key"] = await measure(() => like({ key: "key" }));
  expectRecorded(spent);
});

test("likes, votes, and a gift for a goal or train cost a fixed number of steps, calls and units", async () => {
  const { id: streamId } = stream;
  const spent: Record<string, Spent> = {};
  const likes = (total: number) =>
    call(tap, { path: path(), body: { session: "my-page-1", total } });
  spent["like, first of a user"] = await measure(() => likes(1));
  spent.like = await measure(() => likes(20));
  const start = async (body: object) => {
    const { data } = await call(startMoment, { as: "host", path: path(), body });
    return (data as { id: string }).id;
  };
  const options = ["Blue", "Red"];
  const momentId = await start({ kind: "poll", title: "Which?", options, seconds: 60 });
  const vote = (option: number) =>
    call(castVote, { path: { streamId, momentId }, body: { options: [option] } });
  spent["vote, first of a user"] = await measure(() => vote(0));
  spent["vote, another one"] = await measure(() => vote(1));
  spent["vote, the same again"] = await measure(() => vote(1));

  const scene = await setScene();
  const audience = { ...scene.audience(), streamId };
  const recordIn = (kind: "gift" | "moment" | "stream", item: object) =>
    scene.append(audience, recordOf({ kind, streamId, createdAt, new: { ...item } }, picture)!);
  const createdAt = Math.floor(scene.now.getTime() / 1000);
  const giftOf = async (as: string) => {
    const { id } = (await give({ as })).data as { id: string };
    const item = await readGift(streamId, id);
    return () => recordIn("gift", item);
  };
  await makeUser("second", 1_000);
  await (await giftOf("viewer"))();
  spent["frame of a gift"] = await measure(await giftOf("viewer"));
  const goalId = await start({ kind: "goal", title: "Mic", of: "credits", target: 1_000 });
  await recordIn("moment", (await findMoment(streamId, goalId))!);
  spent["gift while a goal is open"] = await measure(() => give());
  spent["frame of a gift that moves a goal"] = await measure(await giftOf("viewer"));
  const ended = { status: "cancelled", endedAt: new Date().toISOString(), revision: 2 };
  await recordIn("moment", { ...(await findMoment(streamId, goalId))!, ...ended });
  await recordIn("stream", { ...stream, train, revision: stream.revision + 1 });
  await (await giftOf("viewer"))();
  spent["frame of a gift that starts a train"] = await measure(await giftOf("second"));
  spent["gift while a train is open"] = await measure(() => give());
  spent["frame of a gift that moves a train"] = await measure(await giftOf("viewer"));
  spent["frame of a gift that brings a train to a level"] = await measure(await giftOf("viewer"));
  expectRecorded(spent);
});

test("settling one gift, and those of twenty senders, costs a fixed number of steps, calls and units", async () => {
  const giveDue = async (as: string) => {
    const { id } = (await give({ as })).data as { id: string };
    return dueOf(await readGift(stream.id, id))!;
  };
  const spent: Record<string, Spent> = {};
  await settle("host", [await giveDue("viewer")], new Date());
  const due = [await giveDue("viewer")];
  spent["settling a gift"] = await measure(() => settle("host", due, new Date()));
  const twenty: typeof due = [];
  for (let n = 0; n < 20; n++) {
    await makeUser(`giver-${n}`, 100);
    twenty.push(await giveDue(`giver-${n}`));
  }
  spent["settling twenty people's gifts"] = await measure(() => settle("host", twenty, new Date()));
  expectRecorded(spent);
});

test("a page of the history, with and without gaps, costs a fixed number of steps, calls and units", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 65; n++) ids.push(String((await say())._id));
  const spent: Record<string, Spent> = {};
  spent["page 1 of the history"] = await measure(() => history(1));
  spent["page 2 of the history"] = await measure(() => history(2));
  for (const id of ids.slice(-5, -2))
    await deleteMessage(
      stream,
      (await findMessage(stream.id, id, new Date()))!,
      "host",
      new Date(),
    );
  spent["page 1 with gaps, first of an environment"] = await measure(() => history(1));
  spent["page 1 with gaps"] = await measure(() => history(1));
  spent["page 2 with gaps"] = await measure(() => history(2));
  expectRecorded(spent);
});

test("joining costs a fixed number of steps, calls and units", async () => {
  const spent = await measure(() => call(join, { body: { liveStreamId: stream.id } }));
  expectRecorded({ join: spent });
});

/** One token opens all connections: a user's profile is read once for each token. */
const exp = `${Math.floor(Date.now() / 1000) + 24 * 3600}`;

/** One step of a connection, as the gateway tells of it; its token outlives it. */
function tell(
  handler: typeof connect | typeof subscribe | typeof ping | typeof disconnect,
  eventType: string,
  given: object,
) {
  const connectedAt = Date.now();
  const authorizer = { sub: "viewer", exp, jti: "token" };
  const requestContext = { connectionId: "connection", eventType, connectedAt, authorizer };
  return handler({ requestContext, ...given } as never);
}

/**
 * A batch of confirmations has the same calls for any number of viewers, plus one for each viewer:
 * the update that sets their first live frame.
 */
test("a viewer who reconnects costs a fixed number of steps, calls and units", async () => {
  const scene = await setScene();
  await scene.append(
    scene.audience(),
    chatRecord(1, "hello", Math.floor(scene.now.getTime() / 1000)),
  );
  const cache = createPushCache();
  const { streamId } = scene;
  const { epoch } = await getLog(streamId);
  const comeBack = (since: number) =>
    tell(connect, "CONNECT", { queryStringParameters: { streamId, since: `${epoch}:${since}` } });
  const confirm = async () => {
    const subscriber = (await findSubscriber(streamId, "connection"))!;
    return () => scene.confirm(scene.audience(cache), subscriber);
  };
  const spent: Record<string, Spent> = {};
  spent["$connect, first of an environment"] = await measure(() => comeBack(1));
  spent["confirmation where nothing was missed"] = await measure(await confirm());
  spent.$connect = await measure(() => comeBack(0));
  spent["confirmation and one frame missed"] = await measure(await confirm());
  const leave = () => tell(disconnect, "DISCONNECT", {});
  const subscribeTo = () =>
    tell(subscribe, "MESSAGE", {
      body: JSON.stringify({ action: "subscribe", streamId: stream.id }),
    });
  await tell(connect, "CONNECT", {});
  spent.subscribe = await measure(subscribeTo);
  spent.$disconnect = await measure(leave);
  await tell(connect, "CONNECT", {});
  await subscribeTo();
  spent["subscribe again, as after a lost frame"] = await measure(subscribeTo);
  expect(scene.messagesTo("connection").map(({ type }) => type)).toEqual([
    ...["subscribed", "subscribed", "events"],
  ]);
  expectRecorded(spent);
});

/** A log of maximum size: the newest polls that ended, and as many open ones as there may be. */
function longLog() {
  const at = new Date().toISOString();
  const poll = { kind: "poll", startedAt: at, endsAt: at };
  const ids = (count: number) => Array.from({ length: count }, () => newId(new Date()));
  const open = ids(openMax).map((id) => ({ id, ...poll }));
  const over = ids(64).map((id) => ({ id, ...poll, over: Math.floor(Date.now() / 1000) }));
  const sums = Object.fromEntries(open.map(({ id }) => [id, Array(optionsMax).fill(1_000_000)]));
  return { ...newLog(), posted: 5, moments: [...over, ...open], sums };
}

/** More streams: another unit of the user's messages for every five. */
test("a ping without streams, and with five, costs a fixed number of steps, calls and units", async () => {
  const at = Date.now();
  const own = {
    connectionId: "connection",
    connectedAt: at,
    userId: "viewer",
    tokenExpiresAt: 2e9,
  };
  const connection = { ...own, expiresAt: connectionExpiry(at) };
  const ask = () => tell(ping, "MESSAGE", { body: '{"action":"ping"}' });
  await putConnection(connection);
  const spent: Record<string, Spent> = { "ping without streams": await measure(ask) };
  const streams = Array.from({ length: 5 }, () => newId(new Date()));
  await putConnection({ ...connection, streams: new Set(streams) });
  for (const streamId of streams) {
    await putItem({ ...key.log(streamId), ...longLog() });
    await putSubscriber({ ...connection, streamId, revision: at * 1000 });
  }
  spent["ping with five streams"] = await measure(ask);
  expectRecorded(spent);
});

/**
 * Ten viewers share their reads of the log until the write that makes each one live. So few frames
 * need no budget from the table.
 */
test("viewers who missed the same frames cost a fixed number of steps, calls and units", async () => {
  const scene = await setScene();
  const { streamId } = scene;
  const cache = createPushCache();
  const at = Math.floor(scene.now.getTime() / 1000);
  await scene.append(scene.audience(cache), chatRecord(1, "hello", at));
  const { epoch } = await getLog(streamId);
  const missed = async (...names: string[]) => {
    for (const name of names) {
      const since = { epoch, frame: 0 };
      await scene.confirmOnly(scene.audience(cache), await scene.ask(name, { since }));
    }
    const records = Iterator.from({ next: () => nextJob() }).toArray();
    return () => resumeAll(scene.audience(cache), records);
  };
  const nextJob = () => {
    const job = scene.takeResume();
    const value = { messageId: job?.connectionId ?? "", body: JSON.stringify(job) };
    return job === undefined ? { done: true as const, value } : { done: false as const, value };
  };
  const one = await measure(await missed("c0"));
  const ten = await measure(await missed(...Array.from({ length: 10 }, (_, n) => `d${n}`)));
  for (const name of ["c0", "d0", "d9"]) expect(scene.frames(name)).toEqual([1]);
  // The ten are answered one by one, so on a busy machine one of them may be a step later.
  expectRecorded({
    "resume after one missed frame": one,
    "resumes of ten viewers after one missed frame": { ...ten, steps: one.steps },
  });
});
