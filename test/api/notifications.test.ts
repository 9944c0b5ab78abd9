import { admin, call, expectFailure, freshId, type Person, person, sentences } from "./people.ts";

const wish = (userId: string, rest = {}) => ({
  userId,
  type: "system",
  category: "announcement",
  title: "Hello",
  message: "You",
  ...rest,
});
const notify = async (as: Person, rest = {}) =>
  (await call("POST /api/v1/notifications", { as, body: wish(as.id, rest) })).body.data;

test("a user lists, filters, pages, reads, counts and deletes their notifications", async () => {
  const [as, other] = await Promise.all([person(), person()]);
  const rows: { id: string }[] = [];
  for (let n = 1; n <= 5; n++)
    rows.push(await notify(as, { title: `n${n}`, category: n > 3 ? "payments" : "messages" }));
  await notify(other);
  const newest = [...rows].reverse();
  const list = async (query = "") =>
    (await call(`GET /api/v1/notifications${query}`, { as })).body.data;
  const listPage = async (query: string) =>
    (await call(`GET /api/v2/notifications${query}`, { as })).body.data;
  expect(await list()).toEqual(newest);
  expect(await list("?category=payments")).toEqual(newest.slice(0, 2));
  const read = await call(`PATCH /api/v1/notifications/${rows[0]!.id}/read`, {
    as,
    body: { isRead: true },
  });
  expect(read.body.data).toMatchObject({ id: rows[0]!.id, read: true });
  for (const query of ["?read=true", "?isRead=true"]) expect(await list(query)).toHaveLength(1);
  expect(await list("?read=false&type=system")).toEqual(newest.slice(0, 4));
  expect(await listPage("?page=2&limit=2")).toEqual({
    list: newest.slice(2, 4),
    pagination: {
      currentPage: 2,
      totalPages: 3,
      totalItems: 5,
      itemsPerPage: 2,
      hasNextPage: true,
      hasPrevPage: true,
    },
  });
  expect((await listPage("?page=9")).list).toEqual([]);
  for (const query of ["?read=yes", "?category=x", "?type=x"])
    expectFailure(await call(`GET /api/v1/notifications${query}`, { as }), 400, sentences[400]);

  const count = async () =>
    (await call("GET /api/v1/notifications/unread-count", { as })).body.data;
  expect(await count()).toEqual({ count: 4 });
  const all = await call("POST /api/v1/notifications/read-all", { as });
  expect(all.status).toBe(200);
  expect(all.body.data).toEqual({ updated: 4 });
  expect(await count()).toEqual({ count: 0 });

  const foreign = (await call("GET /api/v1/notifications", { as: other })).body.data[0].id;
  for (const id of [foreign, freshId()])
    for (const who of [as, await admin()])
      expectFailure(
        await call(`PATCH /api/v1/notifications/${id}/read`, { as: who, body: { isRead: true } }),
        404,
        sentences[404],
      );
  const remove = (body: unknown) => call("DELETE /api/v1/notifications/bulk", { as, body });
  const gone = await remove({ ids: [rows[1]!.id, rows[1]!.id, foreign, freshId()] });
  expect({ status: gone.status, text: gone.text }).toEqual({ status: 204, text: "" });
  expect(await list()).toHaveLength(4);
  expect((await call("GET /api/v1/notifications", { as: other })).body.data).toHaveLength(1);
  for (const body of [{}, { ids: [] }, { ids: ["x"] }, { ids: "x" }])
    expectFailure(await remove(body), 400, sentences[400]);
  const tooMany = await remove({ ids: Array.from({ length: 101 }, freshId) });
  expect(tooMany.body.errors).toEqual([sentences[400], "ids: expected 1 to 100 ids"]);
  const bad = `PATCH /api/v1/notifications/${rows[0]!.id}/read`;
  for (const body of [{}, { isRead: "true" }, { read: true }])
    expectFailure(await call(bad, { as, body }), 400, sentences[400]);
});

test("metadata is returned as sent, or refused", async () => {
  const as = await person();
  const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) });
  for (const metadata of [
    { n: 1e300, m: -1.5e-7, "": "", ключ: [null, true, {}] },
    nested(8),
    { text: "😀" },
  ])
    expect((await notify(as, { metadata })).metadata).toEqual(metadata);
  const odd = '{"__proto__":{"a":1},"constructor":"x"}';
  const raw = JSON.stringify(wish(as.id, { metadata: 0 })).replace(
    '"metadata":0',
    `"metadata":${odd}`,
  );
  const kept = await call("POST /api/v1/notifications", { as, raw });
  expect(kept.text).toContain(`"metadata":${odd}`);
  const unfit = [
    { text: "x".repeat(8200) },
    { text: "\ud800" },
    { text: "\u0000" },
    { "\u0007": 1 },
  ];
  for (const metadata of [nested(9), ...unfit, [], null, "x"])
    expectFailure(
      await call("POST /api/v1/notifications", { as, body: wish(as.id, { metadata }) }),
      400,
      sentences[400],
    );
  const infinite = raw.replace(odd, '{"n":1e999}');
  expectFailure(
    await call("POST /api/v1/notifications", { as, raw: infinite }),
    400,
    sentences[400],
  );
});

test("a device is registered, updated and removed", async () => {
  const as = await person();
  const save = (body: unknown) => call("POST /api/v1/notifications/device-token", { as, body });
  // FCM's tokens have a colon, which clients encode in a path.
  const token = "fMEqXn0xQ7a:APA91bHun4%41";
  const device = { token, platform: "ios", deviceId: "d1", timezone: "Europe/Istanbul" };
  const saved = await save(device);
  expect({ status: saved.status, data: saved.body.data }).toEqual({
    status: 200,
    data: { success: true },
  });
  expect((await save({ token: null, deviceId: "d1", timezone: "UTC" })).status).toBe(200);
  for (const body of [{}, { token: null }, { token: 5 }, { ...device, platform: "tv" }])
    expectFailure(await save(body), 400, sentences[400]);
  const path = `/api/v1/notifications/device-token/${encodeURIComponent(token)}`;
  expect((await call(`DELETE ${path}`, { as })).status).toBe(204);
  expectFailure(await call(`DELETE ${path}`, { as }), 404, sentences[404]);
});
