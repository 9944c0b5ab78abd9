import { admin, call, expectFailure, freshId, giftType, liveStream, person } from "./people.ts";
import { picture } from "./picture-files.ts";
import { createWebhooks } from "./receiver.ts";

type Thing = {
  what: string;
  /** The route that reads it, and the one that changes it. */
  read: string;
  change: string;
  as: Awaited<ReturnType<typeof person>>;
  /** Different bodies for each number. */
  body: (n: number) => object;
};

const hooks = createWebhooks();
afterAll(() => hooks.removeAll());

/** Everything that two callers may change concurrently. */
async function things(): Promise<Thing[]> {
  const [boss, as, { id, host }, rose] = await Promise.all([
    admin(),
    person(),
    liveStream(),
    giftType(4),
  ]);
  const { id: webhookId, as: keeper } = await hooks.make("https://example.com/hook", [
    "webhook.test",
  ]);
  return [
    {
      what: "chat settings",
      read: `GET /api/v1/live-stream/${id}/chat-settings`,
      change: `PATCH /api/v1/live-stream/${id}/chat-settings`,
      as: host,
      body: (n) => ({ blockedWords: [`word${n}`] }),
    },
    {
      what: "channel",
      read: "GET /api/v1/channel",
      change: "PATCH /api/v1/channel",
      as,
      body: (n) => ({ blockedWords: [`word${n}`] }),
    },
    {
      what: "gift type",
      read: `GET /api/v1/gifts/gift-types/${rose}`,
      change: `PATCH /api/v1/gifts/gift-types/${rose}`,
      as: boss,
      body: (n) => ({ name: `Rose ${n}` }),
    },
    {
      what: "webhook",
      read: `GET /api/v1/webhooks/${webhookId}`,
      change: `PATCH /api/v1/webhooks/${webhookId}`,
      as: keeper,
      body: (n) => ({ description: `Number ${n}` }),
    },
    {
      what: "profile",
      read: "GET /api/v1/users/me",
      change: "PUT /api/v1/users/me",
      as,
      body: (n) => ({ bio: `Text ${n}` }),
    },
  ];
}

const etagOf = ({ headers }: { headers: Headers }) => headers.get("etag");

test("shared resources have a revision, and a change with an outdated one changes nothing", async () => {
  for (const { what, read, change, as, body } of await things()) {
    const first = await call(read, { as });
    const seen = etagOf(first);
    expect([what, first.status, seen]).toEqual([what, 200, expect.stringMatching(/^"\d+"$/)]);
    expect(etagOf(await call(read, { as }))).toBe(seen);

    const match = { "if-match": `W/${seen}` };
    const changed = await call(change, { as, body: body(1), headers: match });
    expect([what, changed.status]).toEqual([what, 200]);
    const now = etagOf(changed);
    expect(now).not.toBe(seen);

    const late = await call(change, { as, body: body(2), headers: match });
    expectFailure(late, 412, "Changed meanwhile");
    expect(late.body.code).toBe("changed_meanwhile");
    expect(late.body.errors[1]).toBe(`If-Match: the current ETag is ${now}`);
    const after = await call(read, { as });
    expect(after.body.data).toEqual(changed.body.data);
    expect(etagOf(after)).toBe(now);

    for (const headers of [{ "if-match": `"other", ${now}` }, { "if-match": "*" }, undefined]) {
      const n = freshId();
      const next = { as, body: body(Number.parseInt(n.slice(-6), 16)) };
      const told = await call(change, { ...next, ...(headers && { headers }) });
      expect([what, told.status]).toEqual([what, 200]);
    }
  }
});

test("one of two concurrent changes of the same revision takes effect", async () => {
  for (const { what, read, change, as, body } of await things()) {
    const headers = { "if-match": etagOf(await call(read, { as })) ?? "" };
    const both = [1, 2].map((n) => call(change, { as, body: body(n), headers }));
    const answers = await Promise.all(both);
    expect([what, answers.map(({ status }) => status).sort()]).toEqual([what, [200, 412]]);
    const [won] = answers.filter(({ status }) => status === 200);
    expect((await call(read, { as })).body.data).toEqual(won!.body.data);
  }
});

test("an uploaded picture replaces only the revision that its sender has seen", async () => {
  const [boss, as, rose] = await Promise.all([admin(), person(), giftType(4)]);
  const [profile, type] = ["/api/v1/users/me", `/api/v1/gifts/gift-types/${rose}`];
  for (const [read, change, field, by] of [
    [`GET ${profile}`, `POST ${profile}/photo`, "photo", as],
    [`GET ${type}`, `POST ${type}/image`, "image", boss],
  ] as const) {
    const seen = etagOf(await call(read, { as: by })) ?? "";
    const upload = () => {
      const raw = new FormData();
      raw.set(field, new Blob([picture("image/gif")]), "a.gif");
      return call(change, { as: by, raw, headers: { "if-match": seen } });
    };
    const first = await upload();
    expect([field, first.status]).toEqual([field, 200]);
    expectFailure(await upload(), 412, "Changed meanwhile");
    expect(etagOf(await call(read, { as: by }))).toBe(etagOf(first));
  }
});

test("an upload repeated by its key has the ETag of the first response, also after a change", async () => {
  const [boss, as, rose] = await Promise.all([admin(), person(), giftType(4)]);
  const [profile, type] = ["/api/v1/users/me", `/api/v1/gifts/gift-types/${rose}`];
  for (const [upload, field, by, change, body] of [
    [`POST ${profile}/photo`, "photo", as, `PUT ${profile}`, { bio: "other" }],
    [`POST ${type}/image`, "image", boss, `PATCH ${type}`, { name: "Other" }],
  ] as const) {
    const [key, file] = [freshId(), new Blob([picture("image/gif")])];
    const send = () => {
      const raw = new FormData();
      raw.set(field, file, "a.gif");
      return call(upload, { as: by, raw, key });
    };
    const seen = etagOf(await send());
    expect(etagOf(await call(change, { as: by, body }))).not.toBe(seen);
    const again = await send();
    expect([again.headers.get("idempotency-replayed"), etagOf(again)]).toEqual(["true", seen]);
  }
});

test("a revision is checked after existence and ownership", async () => {
  const [as, { id }] = await Promise.all([person(), liveStream()]);
  const headers = { "if-match": '"other"' };
  const settings = (streamId: string) => `PATCH /api/v1/live-stream/${streamId}/chat-settings`;
  const body = { slowModeSeconds: 5 };
  expect((await call(settings(freshId()), { as, body, headers })).status).toBe(404);
  expect((await call(settings(id), { as, body, headers })).status).toBe(403);
  expect((await call(settings(id), { as, body: { slowModeSeconds: -1 }, headers })).status).toBe(
    400,
  );
});

test("the revision of a stream's settings stays while the stream changes otherwise", async () => {
  const { id, host: as } = await liveStream();
  const stream = `/api/v1/live-stream/${id}`;
  const [settings, trains] = [`${stream}/chat-settings`, `${stream}/train`];
  const before = etagOf(await call(`GET ${settings}`, { as }));
  const { body: now } = await call(`GET ${trains}`, { as });
  const put = await call(`PUT ${trains}`, { as, body: { ...now.data, enabled: true } });
  expect(put.status).toBe(200);
  expect(etagOf(await call(`GET ${settings}`, { as }))).toBe(before);
  const headers = { "if-match": before ?? "" };
  const body = { slowModeSeconds: 5 };
  const changed = await call(`PATCH ${settings}`, { as, body, headers });
  expect(changed.status).toBe(200);
  expect(etagOf(changed)).not.toBe(before);
  expect((await call(`PATCH ${settings}`, { as, body, headers })).status).toBe(412);
  expect(etagOf(await call(`GET ${trains}`, { as }))).toBe(etagOf(put));
});
