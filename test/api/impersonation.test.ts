import {
  admin,
  call,
  expectFailure,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  sentences,
} from "./people.ts";
import { tencent, tencentRested } from "./tencent-caller.ts";

const me = async (as: Person) => (await call("GET /api/v1/users/me", { as })).body.data;
const claiming = (preferred_username: string, more = {}) =>
  person({ claims: { preferred_username, ...more } });
const rename = (as: Person, newUsername: string, more = {}) =>
  call("PATCH /api/v1/users/username", { as, body: { newUsername, ...more } });
const find = (username: string) => call(`GET /api/v1/users/profile/username/${username}`);
const fresh = (head: string) => `${head}${freshId().slice(0, 12)}`;

describe("a claimed username", () => {
  test("is accepted if it is free, regardless of case; a second claimant has none until they choose one", async () => {
    const username = fresh("Ann");
    const first = await claiming(username);
    expect((await me(first)).username).toBe(username);
    const later = await claiming(username.toUpperCase(), { given_name: "Ann" });
    expect(await me(later)).toMatchObject({ username: "", name: "Ann" });
    const { id } = await liveStream();
    const said = await call(`POST /api/v1/live-stream/${id}/chat/messages`, {
      as: later,
      body: { content: "hello" },
    });
    expect(said.body.sender.username).toBe("");
    expect((await find(username)).body.data._id).toBe(first.id);
    const chosen = fresh("other");
    expect((await rename(later, chosen)).body.data.username).toBe(chosen);
    expect((await find(chosen)).body.data._id).toBe(later.id);
  });

  test.each(["with space", "ab", "x".repeat(31), "аdmin1", "emoji😀", "a/b"])(
    "that is invalid is dropped: %s",
    async (name) => {
      expect(await me(await claiming(name, { given_name: "Ann" }))).toMatchObject({
        username: "",
        name: "Ann",
      });
    },
  );

  test.each(["admin", "ADMIN", "adm1n", "4dm1n", "a.d.m.i.n", "ad-min_", "adrnin", "admln"])(
    "that looks like staff is dropped, and cannot be chosen: %s",
    async (name) => {
      const as = await claiming(name);
      expect((await me(as)).username).toBe("");
      const refused = await rename(as, name);
      expectFailure(refused, 403, sentences[403]);
      expect(refused.body.errors[1]).toBe(`Only an admin can assign the username ${name}`);
    },
  );

  test("that merely contains a staff word is allowed", async () => {
    for (const head of ["badminton", "supportive", "Nadmina", "ovational"]) {
      const username = fresh(head);
      expect((await me(await claiming(username))).username).toBe(username);
    }
  });
});

test("names of staff are for admins, in claims and changes", async () => {
  const claims = { given_name: "Ovation Support ✔️", family_name: "Official" };
  const [viewer, boss] = [await person({ claims }), await person({ groups: ["admin"], claims })];
  expect(await me(viewer)).toMatchObject({ name: "", surname: "" });
  expect(await me(boss)).toMatchObject({ name: "Ovation Support ✔️", surname: "Official" });
  const change = (as: typeof viewer) =>
    call("PUT /api/v1/users/me", { as, body: { name: "Оvation", surname: "Team" } });
  const refused = await change(viewer);
  expectFailure(refused, 400, sentences[400]);
  expect(refused.body.errors[1]).toBe("name: expected a name that is not the staff's");
  expect((await change(boss)).status).toBe(200);
});

test("an admin may have a staff username, and assign one to others", async () => {
  const [boss, helper, viewer] = await Promise.all([admin(), person(), person()]);
  await Promise.all([me(boss), me(helper)]);
  const username = fresh("support-");
  expectFailure(await rename(helper, username), 403, sentences[403]);
  expectFailure(await rename(viewer, fresh("x"), { userId: helper.id }), 403, sentences[403]);
  expectFailure(await rename(boss, username, { userId: freshId() }), 404, sentences[404]);
  const given = await rename(boss, username, { userId: helper.id });
  expect(given.body.data).toMatchObject({ _id: helper.id, username });
  expect((await find(username)).body.data._id).toBe(helper.id);
  const own = fresh("admin-");
  const claimed = await person({ groups: ["admin"], claims: { preferred_username: own } });
  expect((await me(claimed)).username).toBe(own);
});

test("a renamed user is found by the old username, which nobody else can take yet", async () => {
  const [before, after] = [fresh("before"), fresh("after")];
  const as = await claiming(before);
  await me(as);
  expect((await rename(as, after)).body.data.username).toBe(after);
  expect((await find(before)).body.data).toMatchObject({ _id: as.id, username: after });
  const other = await person();
  expectFailure(await rename(other, before.toUpperCase()), 409, sentences[409]);
  expect((await me(await claiming(before))).username).toBe("");
});

describe("names and titles contain no invisible characters", () => {
  const unseen = ["\u200b", "\u200d", "\u2060", "\u00ad", "\u202e", "\u2066", "\u200f", "\u3164"];
  const marked = unseen.map((char) => `Official${char}Support`);

  test("400 names the field", async () => {
    const [as, boss] = await Promise.all([person(), admin()]);
    const { host, id } = await liveStream();
    const type = await giftType(1);
    for (const text of [...marked, "\u200d"]) {
      const wishes = {
        name: await call("PUT /api/v1/users/me", { as, body: { name: text } }),
        surname: await call("PUT /api/v1/users/me", { as, body: { surname: text } }),
        title: await call("POST /api/v1/live-stream/create", { as, body: { title: text } }),
      };
      for (const [field, answer] of Object.entries(wishes)) {
        expectFailure(answer, 400, sentences[400]);
        expect(answer.body.errors[1]).toBe(
          `${field}: expected no invisible or direction-changing characters`,
        );
      }
      expectFailure(await rename(as, `x${text}`), 400, sentences[400]);
    }
    const named = { as: boss, body: { name: marked[4] } };
    expectFailure(await call(`PATCH /api/v1/gifts/gift-types/${type}`, named), 400, sentences[400]);
    const note = { userId: as.id, type: "system", category: "system", message: "x" };
    const noted = await call("POST /api/v1/notifications", {
      as: boss,
      body: { ...note, title: marked[0] },
    });
    expectFailure(noted, 400, sentences[400]);
    const poll = { kind: "poll", title: "Which?", options: ["a", "b"], seconds: 60 };
    for (const wish of [{ title: marked[4] }, { options: ["a", marked[0]] }]) {
      const body = { ...poll, ...wish };
      const asked = await call(`POST /api/v1/live-stream/${id}/moments`, { as: host, body });
      expectFailure(asked, 400, sentences[400]);
    }
    // Messages may contain them: only names and titles identify a user.
    const said = { as: host, body: { content: `Selam\u200d ${marked[4]}` } };
    expect((await call(`POST /api/v1/live-stream/${id}/chat/messages`, said)).status).toBe(201);
  });

  test("in a token's claims they are dropped", async () => {
    for (const char of unseen) {
      const given_name = `${char}Offi${char}cial`;
      const shown = await me(await person({ claims: { given_name, family_name: `Bo${char}` } }));
      expect(shown).toMatchObject({ name: "Official", surname: "Bo" });
    }
  });

  test("names in all scripts, with marks and emoji, stay unchanged", async () => {
    const as = await person();
    for (const name of [
      "Ayşe 🎉",
      "José\u0301",
      "محمد",
      "陈小明",
      "हिन्दी",
      "👩🏽‍🚀 Ada ❤️",
      "👨‍👩‍👧",
    ]) {
      const changed = await call("PUT /api/v1/users/me", { as, body: { name, surname: name } });
      expect(changed.body.data).toMatchObject({ name, surname: name });
    }
  });
});

test("names of Tencent rooms and gifts are visible text, and icons are shown only if they are https", async () => {
  const [GiftId, name] = [`g${freshId().slice(0, 12)}`, "Ro\u202ese"];
  const refused = { ErrorCode: 100_002, ActionStatus: "FAIL" };
  const room = { RoomId: freshId(), RoomType: "Live", RoomName: name };
  expect((await tencent("create_room", { RoomInfo: room })).body).toMatchObject(refused);
  const gift = { GiftId, Coins: 10, DefaultName: "Rose" };
  const add = async (more: object) =>
    (await tencentRested("add_gift", { ...gift, ...more })).body.ErrorCode;
  expect(await add({ DefaultName: name })).toBe(refused.ErrorCode);
  const shown = async () => {
    const types = (await call("GET /api/v1/gifts/gift-types", { as: await person() })).body.data;
    return types.find((type: { giftId: string }) => type.giftId === GiftId).svgUrl;
  };
  const https = "https://cdn.example.com/rose.png";
  for (const IconUrl of ["javascript:alert(1)", "data:text/html,x", "http://x.example/a.png"]) {
    expect(await add({ IconUrl })).toBe(0);
    expect(await shown()).toBe("");
  }
  expect(await add({ IconUrl: "icons/rose", ResourceUrl: https })).toBe(0);
  expect(await shown()).toBe(https);
});

describe("links and pictures of a profile", () => {
  test.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x"])(
    "are not %s",
    async (url) => {
      const as = await person();
      for (const network of ["instagram", "snapchat", "x", "tiktok", "facebook"]) {
        const answer = await call("PUT /api/v1/users/me", {
          as,
          body: { links: { [network]: url } },
        });
        expectFailure(answer, 400, sentences[400]);
        expect(answer.body.errors[1]).toBe(`links.${network}: expected an https URL or a handle`);
      }
      const picture = await call("PUT /api/v1/users/me", { as, body: { profilePhoto: url } });
      expectFailure(picture, 400, sentences[400]);
      const shown = await me(await person({ claims: { picture: url } }));
      expect(shown.profilePhoto.url).toMatch(/^https:/);
    },
  );

  test("contain no user information, no other scheme and no white space", async () => {
    const as = await person();
    const wrong = [
      ...[
        "http://x.com/ann",
        "https://x.com@evil.example/",
        "https://u:p@evil.example/",
        "https:x",
      ],
      ...["//evil.example", "ftp://x.com", "https://x.com/\u202ex", "a b", "<b>", "a".repeat(201)],
      ...["https:\\\\evil.example", "https://"],
    ];
    for (const url of wrong)
      for (const body of [{ links: { x: url } }, { profilePhoto: url }])
        expectFailure(await call("PUT /api/v1/users/me", { as, body }), 400, sentences[400]);
    const thumbnail = "https://u@evil.example/a.png";
    const stream = { as, body: { title: "Live", thumbnail } };
    expectFailure(await call("POST /api/v1/live-stream/create", stream), 400, sentences[400]);
  });

  test("are https URLs, or handles as the networks write them", async () => {
    const as = await person();
    const links = {
      instagram: "ann.lee_1",
      snapchat: "ann-lee",
      x: "@ann",
      tiktok: "@ann.lee",
      facebook: "https://www.facebook.com/profile.php?id=100",
    };
    expect((await call("PUT /api/v1/users/me", { as, body: { links } })).body.data).toMatchObject(
      links,
    );
    const cleared = await call("PUT /api/v1/users/me", { as, body: { links: { x: "" } } });
    expect(cleared.body.data).toMatchObject({ ...links, x: null });
  });
});
