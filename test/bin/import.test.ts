/** `npm run import`: imports users and balances from a file. */
import { call, freshId, person } from "../api/people.ts";
import { header, useImport } from "./import-run.ts";

const { backEnd, begin, ledgerOf, profileOf } = useImport();

test("each row is imported once, and invalid rows are reported", async () => {
  const [ann, bob, taken] = [freshId(), freshId(), freshId()];
  const [poor, bare] = [freshId(), freshId()];
  const [username, others] = [`u${freshId()}`, `u${freshId()}`];
  const holder = await person();
  await call("GET /api/v1/users/me", { as: holder });
  const held = { as: backEnd(), body: { username: others } };
  expect((await call(`PUT /api/v1/users/${holder.id}`, held)).status).toBe(200);
  const lines = [
    // Spreadsheet programs begin a file with this mark, and some quote names.
    `\ufeff${header.replace("id", '"id"')}`,
    `${ann},${username},"Ann ""A."", B",Lee,500`,
    "a b,,,,1",
    `${bob},,Bob,,7`,
    `${freshId()},,,,-1`,
    `${ann},,,,9`,
    `${freshId()},only,three`,
    `${taken},${others},,,3`,
    `${poor},,Poor,,0`,
    `${bare},,,,`,
    "",
  ];
  const first = await begin(lines).ended;
  expect(first.code).toBe(1);
  const named = first.said.split("\n").filter((line) => line.startsWith("line "));
  expect(named.sort()).toEqual([
    "line 3: id: expected 1 to 64 of A-Z a-z 0-9 _ -",
    "line 5: balance: expected a whole number from 0 to 1000000000",
    "line 6: id: the same as in line 2",
    "line 7: expected 5 fields, found 3",
    `line 8: The username ${others} is taken; the balance is in`,
  ]);
  expect(first.said).toContain("4 added, 0 already present, 5 invalid.");
  expect(await profileOf(ann)).toMatchObject({ username, name: 'Ann "A.", B', surname: "Lee" });
  expect(await ledgerOf(ann)).toMatchObject([
    { type: "top_up", amount: 500, reference: `import:${ann}` },
  ]);

  expect(await profileOf(poor)).toMatchObject({ name: "Poor" });
  expect(await profileOf(bare)).toMatchObject({ _id: bare, name: "" });
  for (const id of [poor, bare]) expect(await ledgerOf(id)).toEqual([]);

  // Names that a user has changed are kept, and no balance changes again.
  const chosen = await call(`PUT /api/v1/users/${ann}`, { as: backEnd(), body: { name: "Anna" } });
  expect(chosen.status).toBe(200);
  const second = await begin([0, 1, 3, 8, 9].map((at) => lines[at]!)).ended;
  expect(second).toEqual({ code: 0, said: "0 added, 4 already present, 0 invalid.\n" });
  expect((await profileOf(ann)).name).toBe("Anna");
  for (const id of [ann, bob]) expect((await ledgerOf(id)).length).toBe(1);
});

test("a user who has a name already keeps it, and gets the balance", async () => {
  const id = freshId();
  const body = { name: "Anna", create: true };
  expect((await call(`PUT /api/v1/users/${id}`, { as: backEnd(), body })).status).toBe(200);
  const { code, said } = await begin([header, `${id},u${id},Other,Lee,5`]).ended;
  expect({ code, said }).toEqual({ code: 0, said: "1 added, 0 already present, 0 invalid.\n" });
  expect(await profileOf(id)).toMatchObject({ name: "Anna", surname: "" });
  expect((await ledgerOf(id)).length).toBe(1);
});

test("a user who has deleted the account since is not imported again", async () => {
  const lines = [header, `${freshId()},,Ann,Lee,5`];
  const id = lines[1]!.split(",")[0]!;
  expect((await begin(lines).ended).said).toBe("1 added, 0 already present, 0 invalid.\n");
  const left = await call("DELETE /api/v1/users/me?forfeit=true", { as: await person({ id }) });
  expect(left.status).toBe(204);
  expect((await begin(lines).ended).said).toBe("0 added, 1 already present, 0 invalid.\n");
  expect((await call(`GET /api/v1/users/${id}`, { as: backEnd() })).status).toBe(404);
});

test("the first of several rows with one username gets it", async () => {
  const [username, first] = [`u${freshId()}`, freshId()];
  const others = Array.from({ length: 5 }, () => freshId());
  const later = others.map((id, at) => `${id},${at < 3 ? username : username.toUpperCase()},,,`);
  // The first row takes longest: only it has a balance.
  const { code, said } = await begin([header, `${first},${username},,,1`, ...later]).ended;
  expect(code).toBe(1);
  expect(said.split("\n").filter((line) => line.startsWith("line 2:"))).toEqual([]);
  expect(said).toContain("1 added, 0 already present, 5 invalid.");
  expect((await profileOf(first)).username).toBe(username);
});

test("a file without a header or a token without the role is refused at once", async () => {
  const bare = await begin(["a,b,c", "1,2,3"]).ended;
  expect(bare).toEqual({ code: 1, said: expect.stringContaining("found 'a,b,c'") });
  const { token } = await person();
  const refused = await begin([header, `${freshId()},,,,1`], { token }).ended;
  expect(refused).toEqual({ code: 1, said: expect.stringContaining("OVATION_TOKEN was rejected") });
});

test("the lines of a file may end in different ways", async () => {
  const [ann, bob, eve] = [freshId(), freshId(), freshId()];
  const mixed = [`${header}\r`, `${ann},,Ann,,1\r`, `${bob},,Bob,,2`, `${eve},,Eve,,3`];
  expect(await begin(mixed).ended).toEqual({
    code: 0,
    said: "3 added, 0 already present, 0 invalid.\n",
  });
  expect(await profileOf(bob)).toMatchObject({ _id: bob, name: "Bob" });
});
