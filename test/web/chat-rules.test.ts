/** What the chat decides without its page: who may do what, and what follows a refusal. */
import { join } from "node:path";
import { jest } from "@jest/globals";
import { createClient, OvationError } from "../../client/index.ts";
import { isFinal } from "../../web/chat/reason.ts";
import { languages, translatorFor } from "../../web/chat/translations.ts";

/** Loaded by name, since these modules name types of browsers, which tests do not have. */
const load = (name: string) => import(join(import.meta.dirname, "../../web/chat", name));
const [
  { messageActionsFor, perform },
  { sendFrom },
  { createActions },
  { createAudience },
  { createBans },
  words,
] = await Promise.all(
  ["moderation", "sending", "actions", "audience", "bans", "text"].map((name) =>
    load(`${name}.ts`),
  ),
);

afterEach(() => void jest.useRealTimers());

const translator = translatorFor("en");
const said = languages.en;
const message = (sender: object = {}) => ({
  _id: "m1",
  streamId: "s",
  content: "hello",
  sender: { _id: "bob", username: "bob", name: "Bob", surname: "", ...sender },
});
const refusal = (statusCode: number, code: string, more: object = {}) =>
  new OvationError(statusCode, ["Conflict", "why"], { code, ...more });

/** A client that notes its calls and answers the next ones. */
function clientThat(...answers: (object | Error)[]) {
  const calls: unknown[][] = [];
  const answer = async (...given: unknown[]) => {
    calls.push(given);
    const next = answers.shift() ?? {};
    if (next instanceof Error) throw next;
    return next;
  };
  const taps = () => ({ tap() {}, close() {} });
  return { calls, call: answer, sendGift: answer, sendSuperlike: answer, vote: answer, taps };
}

test("a moderator may ban viewers and other moderators, but neither the host nor themselves", () => {
  const offered = (sender: object, view: object = {}) =>
    messageActionsFor(message(sender), { me: "me", isModerator: true, pinned: undefined, ...view });
  const bans = ["timeout", "mute", "block"];
  expect(offered({})).toEqual(["reply", "pin", "remove", ...bans]);
  expect(offered({ role: "moderator" })).toEqual(["reply", "pin", "remove", ...bans]);
  expect(offered({ role: "host" })).toEqual(["reply", "pin", "remove"]);
  expect(offered({ _id: "me" })).toEqual(["reply", "pin", "remove"]);
  expect(offered({}, { pinned: message() })).toEqual(["reply", "unpin", "remove", ...bans]);
  expect(offered({}, { isModerator: false })).toEqual(["reply"]);
  expect(offered({ _id: "me" }, { isModerator: false })).toEqual(["reply", "remove"]);
});

test.each([
  ["mute", { actionType: "CHAT_ONLY" }, "Bob is muted."],
  ["block", { actionType: "BLOCK" }, "Bob is blocked."],
  [
    "timeout",
    { actionType: "CHAT_ONLY", durationSeconds: 600 },
    "Bob is timed out for 10 minutes.",
  ],
])("%s does no more than its name says, and its undo lifts that ban", async (act, ban, words) => {
  const client = clientThat({ _id: "ban-7" });
  const done = await perform({ act, seconds: 600 }, message(), client, translator);
  const [method, path, body] = client.calls.at(-1)!;
  expect([method, path]).toEqual(["POST", "/api/v1/live-stream-ban"]);
  expect(body).toEqual({ targetUserId: "bob", liveStreamId: "s", ...ban });
  expect(done.says).toBe(words);
  await done.undo();
  expect(client.calls.at(-1)).toEqual(["DELETE", "/api/v1/live-stream-ban/ban-7"]);
});

test("what another moderator has done already is shown as done, and no other refusal", async () => {
  const gone = clientThat(refusal(404, "message_not_found"));
  const deleted = await perform({ act: "remove" }, message(), gone, translator);
  expect(deleted.says).toBe("Deleted.");
  const muting = clientThat({ _id: "ban-7" }, refusal(409, "ban_lifted"));
  const { undo } = await perform({ act: "mute" }, message(), muting, translator);
  expect(await undo()).toBeUndefined();
  const refused = clientThat(refusal(403, "role_required"));
  await expect(perform({ act: "remove" }, message(), refused, translator)).rejects.toThrow();
});

/** Sends a reply that is refused, into a box that is empty or not; returns what became of it. */
async function sendRefused(error: unknown, isBoxFree = true, seconds = 0, later?: number) {
  const became: unknown[] = [];
  const composer = {
    restore: (text: string) => isBoxFree && became.push(["restored", text]) > 0,
    answer: ({ _id }: { _id: string }) => became.push(["replies to", _id]),
    refuse: (text: string) => became.push(["refused", text]),
    wait: (seconds: number) => became.push(["waits", seconds]),
  };
  const sent = error === undefined ? Promise.resolve() : Promise.reject(error);
  const pending = { sent, discard: () => became.push("no row") };
  const view = { composer, log: { follow() {} } };
  const what = { text: "so do I", replyTo: message() };
  const slow = { seconds, changes: 1 };
  sendFrom(view, what, { send: () => pending }, () => ({ ...slow }), translator);
  if (later !== undefined) Object.assign(slow, { seconds: later, changes: 3 });
  await new Promise(setImmediate);
  return became;
}

test("a message that the chat's rules refuse goes back into the box with the reply's quote", async () => {
  const back = [["restored", "so do I"], "no row", ["replies to", "m1"]];
  const muted = refusal(403, "member_muted");
  expect(await sendRefused(muted)).toEqual([...back, ["refused", said.muted]]);
  expect(await sendRefused(muted, false)).toEqual([["refused", said.muted]]);
  const slow = refusal(429, "slow_mode", { retryAfterSeconds: 7 });
  expect(await sendRefused(slow)).toEqual([...back, ["waits", 7]]);
  // Any other failure stays in its row, from where it can be sent again.
  expect(await sendRefused(refusal(409, "stream_ended"))).toEqual([]);
  expect(await sendRefused(new Error("offline"))).toEqual([]);
  expect(await sendRefused(undefined, true, 5)).toEqual([["waits", 5]]);
});

test("an answer that comes after slow mode has been changed makes nobody wait longer than it", async () => {
  const slow = refusal(429, "slow_mode", { retryAfterSeconds: 7 });
  for (const [before, later, seconds] of [
    [120, 0, [0, 0]],
    [120, 5, [5, 5]],
    [5, 120, [5, 7]],
    // Set and ended again.
    [5, 5, [5, 5]],
    [0, 0, [0]],
  ] as const) {
    const sent = before > 0 ? [undefined, slow] : [slow];
    const became = sent.map((error) => sendRefused(error, false, before, later));
    expect((await Promise.all(became)).flat()).toEqual(seconds.map((wait) => ["waits", wait]));
  }
});

/** A room's state, with what its view shows. */
function stateOf(client: ReturnType<typeof clientThat>, more: object = {}) {
  const told: string[] = [];
  const waits: unknown[] = [];
  const sent = Promise.resolve();
  return {
    told,
    waits,
    client,
    translator,
    streamId: "s",
    isClosed: false,
    me: "me",
    hostId: "ann",
    moderators: [] as string[],
    moderates: false,
    slowSeconds: 9,
    subscription: { send: () => ({ sent }) },
    wallet: { spend: (_: number, call: Promise<unknown>) => call },
    view: {
      toasts: { tell: (text: string) => told.push(text) },
      picker: { setTypes: (types: object) => waits.push(types) },
      log: { follow() {} },
      composer: { wait: (seconds: number) => waits.push(seconds) },
    },
    ...more,
  };
}

test("slow mode makes viewers wait, and not those who moderate", async () => {
  for (const [who, expected] of [
    [{}, [9]],
    [{ hostId: "me" }, []],
    [{ moderators: ["me"] }, []],
    [{ moderates: true }, []],
  ] as const) {
    const state = stateOf(clientThat(), who);
    createActions(state).send("hello", undefined);
    await new Promise(setImmediate);
    expect([who, state.waits]).toEqual([who, expected]);
  }
});

const rose = { id: "g", name: "Rose", creditAmount: 10, svgUrl: "" };

test.each(["price_changed", "gift_type_inactive", "gift_type_not_found"])(
  "a gift that is refused as %s makes the picker read the gifts again",
  async (code) => {
    const types = [{ ...rose, creditAmount: 11 }];
    const state = stateOf(clientThat(refusal(409, code), types));
    await createActions(state).give(rose, 2);
    expect(state.waits).toEqual([types]);
    expect(state.told).toEqual(["The price of Rose is now 11. Nothing was sent."]);
  },
);

test("a gift that fails says the API's most precise reason, and the balance follows a superlike", async () => {
  const spent: number[] = [];
  const spend = (price: number, call: Promise<unknown>) => {
    spent.push(price);
    return call;
  };
  const state = stateOf(clientThat(refusal(402, "balance_too_low")), { wallet: { spend } });
  await createActions(state).give(rose, 1);
  expect(state.told).toEqual(["Failed: why"]);
  await createActions(state).superlike();
  expect(spent).toEqual([10, 0]);
});

test("a gift or superlike whose response is lost can be sent again without a second charge", async () => {
  jest.useFakeTimers();
  const keys: (string | null)[] = [];
  const fetch = async (_: unknown, { headers }: RequestInit = {}) => {
    keys.push(new Headers(headers).get("idempotency-key"));
    throw new TypeError("Failed to fetch");
  };
  class WebSocket {
    readyState = 0;
    onopen = null;
    onmessage = null;
    onclose = null;
    onerror = null;
    send() {}
    close() {}
  }
  const client = createClient({ url: "https://live.test", token: "t", fetch, WebSocket });
  const again: (() => void)[] = [];
  const told: string[] = [];
  const tell = (text: string, act?: () => void, word?: string) => {
    expect(word).toBe("again");
    told.push(text);
    again.push(act ?? (() => {}));
  };
  const base = stateOf(clientThat());
  const state = { ...base, client, view: { ...base.view, toasts: { tell } } };
  for (const pay of [
    () => createActions(state).give(rose, 1),
    () => createActions(state).superlike(),
  ]) {
    keys.length = 0;
    void pay();
    await jest.advanceTimersByTimeAsync(60_000);
    const tries = keys.length;
    again.pop()?.();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(keys.length).toBeGreaterThan(tries);
    expect(new Set(keys).size).toBe(1);
  }
  const [gift, superlike] = ["gift", "superlike"].map(
    (what) => `No response. Your ${what} may have been sent.`,
  );
  expect(told).toEqual([gift, gift, superlike, superlike]);
  client.close();
});

test("a vote that is refused is taken back to the one that is stored", async () => {
  const chosen: unknown[] = [];
  const view = { moments: { choose: (_: string, options: number[]) => chosen.push(options) } };
  const client = clientThat(refusal(409, "moment_ended"), { own: { options: [1] } });
  const attempt = (call: () => Promise<unknown>) => call().catch(() => undefined);
  const audience = createAudience({ client, streamId: "s", view }, attempt);
  await audience.vote({ kind: "poll", id: "p" }, [0]);
  expect(chosen).toEqual([[0], [1]]);
});

test("a user who is unbanned may write again, unless another ban remains", async () => {
  for (const isBanned of [false, true]) {
    const reasons: unknown[] = [];
    const view = { composer: { refuse: (reason: string | undefined) => reasons.push(reason) } };
    const client = clientThat({ isBanned });
    const bans = createBans({ client, streamId: "s", view, translator });
    const own = (type: string) => ({ type, data: { targetUserId: "me" } });
    bans.take(own("member.banned"), "me", new Map());
    bans.take(own("member.unbanned"), "me", new Map());
    await new Promise(setImmediate);
    expect(reasons).toEqual([said.muted, isBanned ? said.muted : undefined]);
  }
});

test("a user who is muted while a check is under way stays muted", async () => {
  const reasons: unknown[] = [];
  const view = { composer: { refuse: (reason: string | undefined) => reasons.push(reason) } };
  const client = clientThat({ isBanned: false });
  const bans = createBans({ client, streamId: "s", view, translator });
  const checked = bans.check("me");
  bans.take({ type: "member.banned", data: { targetUserId: "me" } }, "me", new Map());
  await checked;
  expect(reasons.at(-1)).toBe(said.muted);
});

test("the messages of a user with two bans return with the last one, unless that has ended", () => {
  const bans = createBans({ client: clientThat(), streamId: "s", view: {}, translator });
  const rows = new Map([["m", { message: message() }]]);
  const targetUserId = message().sender._id;
  const take = (type: string, banId: string, at: string, endsAt: string | null = null) =>
    bans.take({ type, at, data: { banId, targetUserId, endsAt } }, "me", rows);
  expect(take("member.banned", "b", "2026-01-01")).toEqual(["m"]);
  rows.clear();
  take("member.banned", "c", "2026-01-02");
  take("member.unbanned", "b", "2026-01-03");
  expect(bans.isGone("m")).toBe(true);
  take("member.unbanned", "c", "2026-01-04");
  expect(bans.isGone("m")).toBe(false);
  rows.set("m", { message: message() });
  take("member.banned", "d", "2026-01-05", "2026-01-06");
  take("member.unbanned", "d", "2026-01-06");
  expect(bans.isGone("m")).toBe(true);
});

test("a chat is read again after a temporary failure, and not after a permanent one", () => {
  expect([400, 401, 403, 404].every((status) => isFinal(refusal(status, "x")))).toBe(true);
  expect([0, 409, 429, 500, 503].some((status) => isFinal(refusal(status, "x")))).toBe(false);
  expect(isFinal(new TypeError("offline"))).toBe(false);
});

test("a user is mentioned by the whole username, in any case and before any punctuation", () => {
  const isMentioned = (text: string, of = "jo.li") => words.isMentioned(text, of);
  for (const text of ["@jo.li", "hi @Jo.Li!", "(@JO.LI)", "see @jo.li.", "@jo.li-"])
    expect([text, isMentioned(text)]).toEqual([text, true]);
  for (const text of ["@jo", "@jo.lia", "jo.li", "a@jo.li", "https://x.test/@jo.li", ""])
    expect([text, isMentioned(text)]).toEqual([text, false]);
  expect(isMentioned("@", "")).toBe(false);
});
