import { call, eventually, liveStream, person } from "./people.ts";
import { ofType, viewer, watch } from "./viewer.ts";

test("viewers are listed, searched and counted; past viewers are in the statistics", async () => {
  const [{ id, host }, ann, bob] = await Promise.all([
    liveStream(),
    person({ claims: { given_name: "Ann", family_name: "Lee" } }),
    person({ claims: { given_name: "Bob", family_name: "Çınarlı" } }),
  ]);
  const sockets = [await watch(ann, id), await watch(ann, id), await watch(bob, id)];
  const viewers = async (query = "") =>
    (await call(`GET /api/v1/live-stream/${id}/viewers${query}`, { as: host })).body.data;

  const all = await viewers();
  expect(all.list.map(({ name }: { name: string }) => name)).toEqual(["Bob", "Ann"]);
  expect(all).toMatchObject({
    pagination: { totalItems: 2, itemsPerPage: 20, hasNextPage: false },
    participantAudienceTotal: 2,
  });
  expect(Object.keys(all.list[0])).toEqual([
    "_id",
    "username",
    "name",
    "surname",
    "profilePhoto",
    "followersCount",
    "followingCount",
    "expertise",
    "isFollowing",
    "joinedAt",
  ]);
  expect(await viewers("?search=lee")).toMatchObject({
    list: [{ _id: ann.id }],
    pagination: { totalItems: 1 },
    participantAudienceTotal: 2,
  });
  for (const search of ["cinar", "ÇINAR", "Çınar", "CINARLI", "çinarlı"])
    expect((await viewers(`?search=${encodeURIComponent(search)}`)).list).toMatchObject([
      { _id: bob.id },
    ]);
  expect((await viewers("?page=2&limit=1")).list).toMatchObject([{ _id: ann.id }]);

  const statistics = async () =>
    (await call(`GET /api/v1/participant/stream/${id}/statistics`, { as: host })).body;
  const during = await statistics();
  expect(during).toMatchObject({ streamId: id, totalViewers: 2, peakViewers: 2 });
  for (const socket of sockets) socket.close();
  await eventually(viewers, ({ participantAudienceTotal }) => participantAudienceTotal === 0);
  const after = await eventually(statistics, ({ totalViewers }) => totalViewers === 2);
  expect(after.totalWatchTimeMinutes).toBeGreaterThanOrEqual(0);
  const creators = await eventually(
    async () => (await call("GET /api/v1/live-stream/most-watched-creators")).body.data,
    (list) => list.some(({ _id }: { _id: string }) => _id === host.id),
  );
  const own = creators.find(({ _id }: { _id: string }) => _id === host.id);
  expect(own).toMatchObject({ isFollowing: null, availabilityStatus: "available" });
});

test("a user who opens an ended stream is a current viewer, but in no statistics", async () => {
  const [{ id, host }, ann, late] = await Promise.all([liveStream(), person(), person()]);
  const live = await watch(ann, id);
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  await live.next(() => live.events().some(({ type }) => type === "stream.ended"));
  const byUrl = await viewer(late, { query: { streamId: id } });
  await byUrl.next(ofType("subscribed"));
  const byMessage = await watch(host, id);
  const [viewers, statistics] = [
    `live-stream/${id}/viewers`,
    `participant/stream/${id}/statistics`,
  ];
  const read = async (path: string) => (await call(`GET /api/v1/${path}`, { as: host })).body;
  expect((await read(viewers)).data.participantAudienceTotal).toBe(3);
  expect(await read(statistics)).toMatchObject({ totalViewers: 1, peakViewers: 1 });
  byMessage.send({ action: "unsubscribe", streamId: id });
  await byMessage.next(ofType("unsubscribed"));
  for (const socket of [byUrl, byMessage, live]) socket.close();
  await eventually(
    () => read(viewers),
    ({ data }) => data.participantAudienceTotal === 0,
  );
  const after = await eventually(
    () => read(statistics),
    ({ totalViewers }) => totalViewers > 0,
  );
  expect(after).toMatchObject({ totalViewers: 1 });
});
