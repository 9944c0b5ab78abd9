/**
 * Every POST of the API takes effect once, however its first response is lost: in the network, by a
 * fault of the table, or in a race with a second call with the same key.
 */
import { openTable } from "../../bin/aws/table.ts";
import { createCaller } from "../../client/http.ts";
import { createCall } from "../../client/route.ts";
import { createTokenCache } from "../../client/token.ts";
import { scanTable } from "../../platform/table/query.ts";
import { type Operation, readOperations } from "../api/operations.ts";
import { type Answer, admin, call, expectFailure, freshId, sentences } from "../api/people.ts";
import { startReceiver } from "../api/receiver.ts";
import { type System, startSystem } from "../system.ts";
import { type Post, preparePost } from "./posts.ts";

let system: System;
let closeTable: () => Promise<void>;
let inbox: Awaited<ReturnType<typeof startReceiver>>;
let operations: Operation[];

beforeAll(async () => {
  system = await startSystem({ env: { DEMO: "off" } });
  process.env.API_URL = system.url;
  process.env.DATA_DIR = system.dataDir;
  closeTable = await openTable();
  inbox = await startReceiver();
  operations = (await readOperations()).filter(({ method }) => method === "POST");
  // Last, since a code is valid for five minutes.
  operations.sort(
    (a, b) => Number(a.path.endsWith("/sign-in")) - Number(b.path.endsWith("/sign-in")),
  );
});
afterEach(async () => {
  const as = await admin();
  const { list } = (await call("GET /api/v1/webhooks?limit=100", { as })).body.data;
  for (const { id } of list) await call(`DELETE /api/v1/webhooks/${id}`, { as });
});
afterAll(async () => {
  await inbox.stop();
  await closeTable();
  await system.stop();
});

/** A POST of each route with its own key. */
type Keyed = Post & { name: string; key: string };

async function* prepareEach(): AsyncGenerator<Keyed> {
  for (const operation of operations) {
    const post = await preparePost(operation, inbox.url);
    yield { ...post, name: operation.path, key: freshId() };
  }
}

const send = ({ path, as, body, raw, key }: Post & { key: string }) =>
  call(`POST ${path}`, {
    ...(as && { as }),
    ...(body !== undefined && { body }),
    ...(raw && { raw }),
    key,
  });

const isReplayed = ({ headers }: Answer) => headers.get("idempotency-replayed") === "true";

/** A response as its repetition returns it: values that are shown once are null. */
const shownAgain = (name: string, text: string) =>
  /overlay-keys|ws-tickets|webhooks|sign-in/.test(name)
    ? text
        .replace(/"(key|ticket|secret|token)":"[^"]*"/, '"$1":null')
        .replace(/"url":"\/[^"]*"/, '"url":null')
    : text;

/**
 * The table's content, except items that a call writes before it can detect a repetition: rate
 * limits, the sender's last message, and the index of gifts.
 */
async function contents(): Promise<Map<string, string>> {
  const items = new Map<string, string>();
  for await (const item of scanTable())
    if (!/^(BUCKET|SENDER|GIFT)#/.test(item.PK as string))
      items.set(`${item.PK} ${item.SK}`, JSON.stringify(item));
  return items;
}

/** Whether an ended poll or goal is still being counted, which takes about 12 s. */
function isCounting(text: string): boolean {
  const { status, result } = JSON.parse(text);
  return status === "ended" && result === undefined;
}

/** The same, after nothing has changed for a while: effects may follow a response. */
async function restingContents() {
  for (let last = await contents(); ; ) {
    await new Promise((done) => setTimeout(done, 2_000));
    const next = await contents();
    const counting = [...next].some(([key, item]) => key.includes(" MOMENT#") && isCounting(item));
    const isSame = JSON.stringify([...next].sort()) === JSON.stringify([...last].sort());
    if (isSame && !counting) return next;
    last = next;
  }
}

/** The client's call of this POST over a network that loses the first response. */
async function callLosing(post: Keyed) {
  const answers: { status: number; text: string; isReplayed: boolean }[] = [];
  const losing: typeof fetch = async (url, given) => {
    const answer = await fetch(url, given);
    const text = await answer.clone().text();
    const replayed = answer.headers.get("idempotency-replayed") === "true";
    answers.push({ status: answer.status, text, isReplayed: replayed });
    if (answers.length === 1) throw new TypeError("fetch failed");
    return answer;
  };
  let { as } = post;
  const tokens = createTokenCache(async () => {
    if (answers.length > 0 && post.renew !== undefined) as = await post.renew();
    return as?.token ?? "";
  });
  if (post.raw === undefined) {
    const route = createCall(createCaller(system.url, tokens, losing));
    await route("POST", post.path, post.body, post.key);
  } else
    for (let time = 0; time < 2; time++)
      await losing(`${system.url}${post.path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${as!.token}`, "idempotency-key": post.key },
        body: post.raw,
      }).catch(() => {});
  return { answers, post: { ...post, ...(as && { as }) } };
}

test("each first response is lost: the client's repetition gets it, nothing happens twice, and another request is 422", async () => {
  expect(operations.length).toBeGreaterThanOrEqual(33);
  const lost: Awaited<ReturnType<typeof callLosing>>[] = [];
  for await (const post of prepareEach()) {
    const one = await callLosing(post);
    const { answers } = one;
    const [first, last] = [answers[0]!, answers.at(-1)!];
    const expected = { status: first.status, text: shownAgain(post.name, first.text) };
    expect({ name: post.name, ...last }).toEqual({
      name: post.name,
      ...expected,
      isReplayed: true,
    });
    expect({ name: post.name, status: first.status < 300 }).toMatchObject({ status: true });
    lost.push(one);
  }
  const before = await restingContents();
  const sent = inbox.received.length;
  for (const { post, answers } of lost) {
    const again = await send(post);
    expect([again.status, again.text]).toEqual([answers[0]!.status, answers.at(-1)!.text]);
    if (post.other !== undefined)
      expectFailure(await send({ ...post, ...post.other }), 422, sentences[422]);
  }
  const after = await restingContents();
  expect([...after].filter(([key, item]) => before.get(key) !== item)).toEqual([]);
  expect(inbox.received.length).toBe(sent);
  // Two calls caused one test event, and one resend of an earlier delivery.
  const ids = inbox.received.map(({ headers }) => headers["webhook-id"]);
  const ofPath = (part: string) => lost.find(({ post }) => post.path.includes(part))!;
  const { eventId } = JSON.parse(ofPath("/test").answers[0]!.text).data;
  expect(ids.filter((id) => id === eventId)).toHaveLength(1);
  expect(ids.length).toBe(new Set(ids).size + 1);
}, 900_000);

test("the key's mark is not written: the call failed, and the same key succeeds, once", async () => {
  const posts: Keyed[] = [];
  for await (const post of prepareEach()) posts.push(post);
  const sent = inbox.received.length;
  for (const operation of ["PutItem", "TransactWriteItems"])
    await call("POST /local/faults", {
      body: { operation, keyPrefix: "REPLAY#", kind: "error_before", count: 1_000_000 },
    });
  const failed = await Promise.all(posts.map(send));
  expect(failed.map(({ status }, at) => [posts[at]!.name, status >= 500])).toEqual(
    posts.map(({ name }) => [name, true]),
  );
  await call("DELETE /local/faults");
  for (const post of posts) {
    const as = (await post.renew?.()) ?? post.as;
    const answer = await send({ ...post, ...(as && { as }) });
    const { name } = post;
    expect({ name, isDone: answer.status < 300, replayed: isReplayed(answer) }).toEqual({
      name,
      isDone: true,
      replayed: false,
    });
    if (name.startsWith("/api/v1/follow"))
      expect(answer.body.data).toEqual({ isFollowing: true, previouslyFollowing: false });
  }
  await restingContents();
  // A test event and a resend: deliveries that the failed attempt had queued were not sent again.
  expect(inbox.received.length).toBe(sent + 2);
}, 900_000);

test("one of four concurrent calls takes effect; the others get the same response, or 409 with Retry-After", async () => {
  for await (const post of prepareEach()) {
    const answers = await Promise.all([send(post), send(post), send(post), send(post)]);
    const { name } = post;
    const made = answers.filter(({ status }) => status < 300);
    const firsts = made.filter((answer) => !isReplayed(answer));
    expect({ name, firsts: firsts.length }).toEqual({ name, firsts: 1 });
    for (const again of made.filter(isReplayed))
      expect(again.text).toBe(shownAgain(name, firsts[0]!.text));
    // Signing out revokes the tokens of other calls, too.
    const others = answers.filter(({ status }) => status >= 300 && status !== 401);
    for (const answer of others) {
      expectFailure(answer, 409, sentences[409]);
      expect([name, answer.headers.get("retry-after")]).toEqual([name, "1"]);
    }
  }
}, 900_000);

test("a call overtaken by another key gets a response too, which its key repeats", async () => {
  const operation = operations.find(({ path }) => path.endsWith("/join-as-creator"))!;
  for (let round = 0; round < 8; round++) {
    const post = await preparePost(operation, inbox.url);
    const keys = [freshId(), freshId(), freshId(), freshId()];
    const sendAll = () => Promise.all(keys.map((key) => send({ ...post, key })));
    const first = await sendAll();
    expect(first.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const again = await sendAll();
    expect(again.map(isReplayed)).toEqual([true, true, true, true]);
    expect(again.map(({ text }) => text)).toEqual(first.map(({ text }) => text));
  }
});
