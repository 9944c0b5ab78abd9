/** `npm run import`: imports users and balances from a file. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, freshId, type Person, person, service } from "../api/people.ts";
import { sharedSystem } from "../shared.ts";

let system: Awaited<ReturnType<typeof sharedSystem>>;
let backEnd: Person;
const directory = mkdtempSync(join(tmpdir(), "ovation-import-"));

beforeAll(async () => {
  system = await sharedSystem();
  process.env.API_URL = system.url;
  backEnd = await service();
});
afterAll(() => rmSync(directory, { recursive: true }));

const script = join(import.meta.dirname, "../../bin/ovation.ts");

/** Starts an import of these lines. */
function begin(lines: readonly string[], { token = backEnd.token } = {}) {
  const file = join(directory, `${freshId()}.csv`);
  writeFileSync(file, lines.join("\n"));
  const child = spawn(process.execPath, [script, "import", file, "--to", system.url], {
    env: { ...process.env, OVATION_TOKEN: token },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (piece) => {
    said += piece;
  });
  const ended = new Promise<{ code: number | null; said: string }>((done) => {
    child.on("close", (code) => done({ code, said }));
  });
  return { child, ended };
}

const header = "id,username,name,surname,balance";
const ledgerOf = async (id: string) =>
  (await call(`GET /api/v1/wallets/${id}/transactions`, { as: backEnd })).body.data.list;
const profileOf = async (id: string) =>
  (await call(`GET /api/v1/users/${id}`, { as: backEnd })).body.data;

test("each row is imported once, and invalid rows are reported", async () => {
  const [ann, bob, taken] = [freshId(), freshId(), freshId()];
  const [poor, bare] = [freshId(), freshId()];
  const [username, others] = [`u${freshId()}`, `u${freshId()}`];
  const holder = await person();
  await call("GET /api/v1/users/me", { as: holder });
  const held = { as: backEnd, body: { username: others } };
  expect((await call(`PUT /api/v1/users/${holder.id}`, held)).status).toBe(200);
  const lines = [
    header,
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
  const chosen = await call(`PUT /api/v1/users/${ann}`, { as: backEnd, body: { name: "Anna" } });
  expect(chosen.status).toBe(200);
  const second = await begin([0, 1, 3, 8, 9].map((at) => lines[at]!)).ended;
  expect(second).toEqual({ code: 0, said: "0 added, 4 already present, 0 invalid.\n" });
  expect((await profileOf(ann)).name).toBe("Anna");
  for (const id of [ann, bob]) expect((await ledgerOf(id)).length).toBe(1);
});

test("a killed import continues when it is run again, and imports every row once", async () => {
  const ids = Array.from({ length: 200 }, freshId);
  const lines = [header, ...ids.map((id, n) => `${id},,Name ${n},,${n + 1}`)];
  const { child, ended } = begin(lines);
  const isThere = async (id: string) =>
    (await call(`GET /api/v1/users/${id}`, { as: backEnd })).status === 200;
  // Rows are imported roughly in order: some are done, and the last is not.
  while (!(await isThere(ids[40]!))) await new Promise((done) => setTimeout(done, 5));
  child.kill("SIGKILL");
  await ended;
  expect(await isThere(ids.at(-1)!)).toBe(false);
  const { code, said } = await begin(lines).ended;
  const [added, before] = [...said.matchAll(/\d+/g)].map(Number);
  expect({ code, sum: added! + before! }).toEqual({ code: 0, sum: 200 });
  expect(before).toBeGreaterThan(20);
  for (const [n, id] of ids.entries()) {
    expect(await ledgerOf(id)).toMatchObject([{ amount: n + 1, reference: `import:${id}` }]);
    expect((await profileOf(id)).name).toBe(`Name ${n}`);
  }
});

test("a file without a header or a token without the role is refused at once", async () => {
  const bare = await begin(["a,b,c", "1,2,3"]).ended;
  expect(bare).toEqual({ code: 1, said: expect.stringContaining("found 'a,b,c'") });
  const { token } = await person();
  const refused = await begin([header, `${freshId()},,,,1`], { token }).ended;
  expect(refused).toEqual({ code: 1, said: expect.stringContaining("OVATION_TOKEN was rejected") });
});
