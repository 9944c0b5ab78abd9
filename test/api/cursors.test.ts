import {
  admin,
  call,
  expectFailure,
  liveStream,
  type Person,
  person,
  sentences,
  service,
} from "./people.ts";

type Row = { _id: string; content: string };
type Entry = { reference: string };

const get = async (route: string, as: Person) => {
  const { status, body } = await call(`GET ${route}`, { as });
  expect(status).toBe(200);
  return body;
};

test("a chat is paged by cursors, which new and deleted messages do not shift", async () => {
  const { id, host: as } = await liveStream();
  const path = `/api/v1/live-stream/${id}/chat/messages`;
  const say = async (content: string) =>
    (await call(`POST ${path}`, { as, body: { content } })).body;
  const said: Row[] = [];
  for (let n = 1; n <= 7; n++) said.push(await say(`m${n}`));
  const first = await get(`${path}?limit=3`, as);
  expect(first).toMatchObject({ page: 1, total: 7, nextCursor: said[4]!._id });

  await say("m8");
  await call(`DELETE ${path}/${said[3]!._id}`, { as });
  const second = await get(`${path}?limit=3&after=${first.nextCursor}`, as);
  expect(second.messages.map(({ content }: Row) => content)).toEqual(["m3", "m2", "m1"]);
  expect(second).toMatchObject({ total: 7, hasNextPage: false, nextCursor: null });
  expect(second.hasPreviousPage).toBe(true);
  // A cursor's message may be deleted, and a cursor before the first message ends the list.
  const gone = await get(`${path}?limit=2&after=${said[3]!._id}`, as);
  expect(gone.messages.map(({ content }: Row) => content)).toEqual(["m3", "m2"]);
  expect(gone.nextCursor).toBe(said[1]!._id);
  expect((await get(`${path}?after=${said[0]!._id}`, as)).messages).toEqual([]);

  for (const query of ["page=1&after=", "page=2&after="]) {
    const refused = await call(`GET ${path}?${query}${said[2]!._id}`, { as });
    expectFailure(refused, 400, sentences[400]);
    expect(refused.body.errors[1]).toBe("after: expected without page");
  }
  expectFailure(await call(`GET ${path}?after=x`, { as }), 400, sentences[400]);
});

test("a ledger is paged by cursors, which new entries do not shift", async () => {
  const [as, backEnd] = await Promise.all([person(), service()]);
  const book = async (kind: "top-ups" | "payouts", reference: string) => {
    const headers = { "idempotency-key": `cursors-${as.id}-${reference}` };
    const route = `POST /api/v1/wallets/${as.id}/${kind}`;
    const booked = await call(route, { as: backEnd, headers, body: { amount: 1, reference } });
    expect(booked.status).toBe(201);
  };
  for (const n of [1, 2, 3, 4, 5]) await book("top-ups", `in${n}`);
  for (const n of [1, 2]) await book("payouts", `out${n}`);
  const path = "/api/v1/users/me/transactions";
  const page = async (query: string) => (await get(`${path}?${query}`, as)).data;
  const names = (data: { list: Entry[] }) => data.list.map(({ reference }) => reference);

  const first = await page("limit=3");
  expect(names(first)).toEqual(["out2", "out1", "in5"]);
  expect(first.pageInfo).toMatchObject({ hasNextPage: true, limit: 3 });
  await book("top-ups", "in6");
  const second = await page(`limit=3&after=${first.pageInfo.nextCursor}`);
  expect(names(second)).toEqual(["in4", "in3", "in2"]);
  const last = await page(`limit=3&after=${second.pageInfo.nextCursor}`);
  expect(names(last)).toEqual(["in1"]);
  expect(last.pageInfo).toEqual({ nextCursor: null, hasNextPage: false, limit: 3 });
  // Cursors also work with filters and in ascending order.
  const early = await page("limit=2&direction=credit&sort=asc");
  expect(names(early)).toEqual(["in1", "in2"]);
  const later = await page(`limit=3&direction=credit&sort=asc&after=${early.pageInfo.nextCursor}`);
  expect(names(later)).toEqual(["in3", "in4", "in5"]);
  expect(later.pagination).toMatchObject({ totalItems: 6, hasNextPage: true, hasPrevPage: true });
  const upward = await page("limit=4&sort=asc");
  const next = await page(`limit=4&sort=asc&after=${upward.pageInfo.nextCursor}`);
  expect(names(next)).toEqual(["in5", "out1", "out2", "in6"]);

  const both = await call(`GET ${path}?page=1&after=3`, { as });
  expectFailure(both, 400, sentences[400]);
});

test("a cursor that no page returned is refused, so that no client reads a page twice", async () => {
  const [{ id, host }, boss] = await Promise.all([liveStream(), admin()]);
  for (const [as, path] of [
    [host, "follow/me/followers"],
    [host, "channel/overlay-keys"],
    [host, `live-stream/${id}/overlay-keys`],
    [host, `live-stream/${id}/moderation-log`],
    [boss, "revocations"],
  ] as const)
    expectFailure(await call(`GET /api/v1/${path}?after=x`, { as }), 400, sentences[400]);
});
