import {
  call,
  eventually,
  expectFailure,
  freshId,
  type Person,
  person,
  sentences,
} from "./people.ts";

const named = (name: string, claims = {}) =>
  person({
    claims: { preferred_username: name, given_name: "Ann", family_name: "Lee", ...claims },
  });
const me = async (as: Person) => (await call("GET /api/v1/users/me", { as })).body.data;

test("a profile is created from the first token, is changed, and then overrides the token", async () => {
  const name = `user${freshId()}`;
  const as = await named(name);
  expect(await me(as)).toEqual({
    _id: as.id,
    name: "Ann",
    surname: "Lee",
    username: name,
    availabilityStatus: "available",
    profilePhoto: { _id: as.id, url: expect.stringMatching(/^https:/), type: "image" },
    interests: [],
    expertise: null,
    age: null,
    minutePriceInLiveStream: null,
    followersCount: 0,
    followingCount: 0,
    bio: null,
    instagram: null,
    snapchat: null,
    x: null,
    tiktok: null,
    facebook: null,
  });
  const body = {
    name: "Anna",
    bio: "Hello",
    interests: ["music"],
    expertise: "musician",
    profilePhoto: "https://cdn.example.com/ann.png",
    links: { x: "@anna" },
  };
  const changed = await call("PUT /api/v1/users/me", { as, body });
  const { links, profilePhoto, ...shown } = body;
  expect(changed.body.data).toMatchObject({
    ...shown,
    ...links,
    surname: "Lee",
    profilePhoto: { url: profilePhoto },
  });
  const later = await person({ id: as.id, claims: { given_name: "Other" } });
  expect(await me(later)).toEqual(changed.body.data);
  await call("PUT /api/v1/users/me", {
    as,
    body: { bio: null, links: { x: null }, profilePhoto: null },
  });
  expect(await me(as)).toMatchObject({ bio: null, x: null, name: "Anna" });
  for (const wrong of [
    { name: 5 },
    { expertise: "king" },
    { profilePhoto: "http://x.example" },
    { interests: "a" },
    { bio: "x".repeat(501) },
  ])
    expectFailure(await call("PUT /api/v1/users/me", { as, body: wrong }), 400, sentences[400]);
});

test("usernames are found in any case, are unique, and change once in 30 days", async () => {
  const name = `Name${freshId()}`.slice(0, 20);
  const [as, other] = await Promise.all([named(name), person()]);
  await me(as);
  await me(other);
  const find = (username: string) => call(`GET /api/v1/users/profile/username/${username}`);
  expect((await find(name.toLowerCase())).body.data).toMatchObject({ _id: as.id, username: name });
  expectFailure(await find("nobody-has-this"), 404, sentences[404]);
  const rename = (who: Person, newUsername: unknown) =>
    call("PATCH /api/v1/users/username", { as: who, body: { newUsername } });
  expectFailure(await rename(other, name.toUpperCase()), 409, sentences[409]);
  for (const wrong of ["ab", "with space", "x".repeat(31), 5, null])
    expectFailure(await rename(as, wrong), 400, sentences[400]);
  const next = `new-${freshId()}`.slice(0, 20);
  expect((await rename(as, next)).body.data.username).toBe(next);
  // A client that lost the response calls again.
  expect((await rename(as, next)).body.data.username).toBe(next);
  expectFailure(await rename(as, `${next}2`), 409, sentences[409]);
  expect((await find(next)).body.data._id).toBe(as.id);
  expect((await find(name)).body.data).toMatchObject({ _id: as.id, username: next });
  expectFailure(await rename(other, name), 409, sentences[409]);
});

test("the search finds users by name prefix and expertise, in pages", async () => {
  const family = `Zürn${freshId()}`;
  const people = await Promise.all(
    ["a", "b", "c"].map((letter) =>
      named(`${letter}${freshId()}`, { given_name: "Ümit", family_name: family }),
    ),
  );
  await Promise.all(people.map(me));
  await call("PUT /api/v1/users/me", { as: people[0]!, body: { expertise: "chef" } });
  const search = (query: string) => call(`GET /api/v1/users/search?${query}`, { as: people[0]! });
  const folded = family.toLowerCase().replace("ü", "u");
  // A first call does not wait for the search index.
  const page = `q=${encodeURIComponent(family)}&limit=2`;
  const { body } = await eventually(
    () => search(page),
    (answer) => answer.body.data.pagination.totalItems === 3,
  );
  const found = body.data;
  expect(found.pagination).toMatchObject({ totalItems: 3, totalPages: 2, itemsPerPage: 2 });
  expect(found.list).toHaveLength(2);
  expect(found.list[0]).toMatchObject({ surname: family, followersCount: 0, isFollowing: false });
  expect((await search(`q=umit ${folded}`)).body.data.pagination.totalItems).toBe(3);
  expect((await search(`q=${folded}&expertise=chef`)).body.data.list).toMatchObject([
    { _id: people[0]!.id },
  ]);
  expect((await search("q=nobody-is-called-so")).body.data.list).toEqual([]);
  expect((await search("")).body.data.list.length).toBeGreaterThan(0);
  for (const query of ["limit=0", "limit=101", "expertise=king", "page=x"])
    expectFailure(await search(query), 400, sentences[400]);
});

test("people with Turkish names are found however their names are typed", async () => {
  const family = freshId();
  const [ilmaz, isil] = await Promise.all([
    named(freshId(), { given_name: "Yılmaz", family_name: family }),
    named(freshId(), { given_name: "Işıl Gökçe Şükrü", family_name: family }),
  ]);
  await Promise.all([ilmaz, isil].map(me));
  const search = async (q: string) => {
    const route = `GET /api/v1/users/search?q=${encodeURIComponent(q)}`;
    const { list } = (await call(route, { as: ilmaz })).body.data;
    return list.map(({ _id }: { _id: string }) => _id);
  };
  for (const user of [ilmaz, isil])
    await eventually(
      () => search(family),
      (found) => found.includes(user.id),
    );
  for (const q of ["yilmaz", "YILMAZ", "Yılmaz", "YİLMAZ", "yılmaz"])
    expect(await search(`${q} ${family}`)).toEqual([ilmaz.id]);
  for (const q of ["ışıl", "IŞIL", "isil", "Işıl", "İŞİL", "ISIL"])
    for (const rest of ["gökçe şükrü", "GÖKÇE ŞÜKRÜ", "gokce sukru"])
      expect(await search(`${q} ${rest} ${family}`)).toEqual([isil.id]);
});

test("follows count once on both sides, and followers are listed", async () => {
  const [star, ...fans] = await Promise.all([person(), person(), person(), person()]);
  await me(star!);
  for (const as of fans) await call(`POST /api/v1/follow/${star!.id}`, { as });
  const followers = (query = "") => call(`GET /api/v1/follow/me/followers${query}`, { as: star! });
  const first = (await followers("?limit=2")).body.data;
  expect(first.users.map(({ _id }: { _id: string }) => _id)).toEqual([fans[2]!.id, fans[1]!.id]);
  expect(first.users[0]).toMatchObject({
    followersCount: 0,
    followingCount: 1,
    isFollowing: false,
    expertise: null,
  });
  const rest = (await followers(`?limit=2&after=${first.pageInfo.nextCursor}`)).body.data;
  expect(rest.users.map(({ _id }: { _id: string }) => _id)).toEqual([fans[0]!.id]);
  expect(rest.pageInfo).toEqual({ nextCursor: null, hasNextPage: false, limit: 2 });
  const stats = async () =>
    (await call(`GET /api/v1/users/${star!.id}/stats`, { as: fans[0]! })).body.data;
  expect(await stats()).toEqual({ followers: 3, following: 0, totalLiveStreams: 0 });
  const leave = () => call(`DELETE /api/v1/follow/${star!.id}`, { as: fans[0]! });
  const answers = await Promise.all(Array.from({ length: 5 }, leave));
  expect(answers.filter(({ body }) => body.data?.previouslyFollowing)).toHaveLength(1);
  expect((await stats()).followers).toBe(2);
  expectFailure(await call(`POST /api/v1/follow/${freshId()}`, { as: star! }), 404, sentences[404]);
  expectFailure(await call(`POST /api/v1/follow/${star!.id}`, { as: star! }), 409, sentences[409]);
  expectFailure(await followers("?limit=51"), 400, sentences[400]);
});
