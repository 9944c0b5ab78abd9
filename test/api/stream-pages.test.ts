import { admin, call, type Person, person, topUp } from "./people.ts";

const streams = "/api/v1/live-stream";
const count = 103;

/** All ids of a list, page by page; also the sizes of the pages. */
async function idsOf(as: Person, route: string, limit: number, begin = "f".repeat(24)) {
  const [ids, sizes]: [string[], number[]] = [[], []];
  let after = `&after=${begin}`;
  do {
    const { status, body } = await call(`${route}limit=${limit}${after}`, { as });
    expect(status).toBe(200);
    const { list, pageInfo } = body.data;
    expect(pageInfo).toEqual({
      nextCursor: pageInfo.hasNextPage ? expect.any(String) : null,
      hasNextPage: expect.any(Boolean),
      limit,
    });
    ids.push(...list.map(({ id }: { id: string }) => id));
    sizes.push(list.length);
    after = pageInfo.nextCursor === null ? "" : `&after=${pageInfo.nextCursor}`;
  } while (after !== "");
  return { ids, sizes };
}

test("streams beyond the newest hundred are on later pages", async () => {
  const [host, guest] = await Promise.all([person(), person()]);
  await Promise.all([host, guest].map((as) => call("GET /api/v1/wallet", { as })));
  const body = { title: "one of many", guests: [guest.id] };
  const made: string[] = [];
  for (let n = 0; n < count; n++) {
    const created = await call(`POST ${streams}/create`, { as: host, body });
    expect(created.status).toBe(201);
    made.unshift(created.body.data.id);
  }
  const whole = await call(`GET ${streams}/guest-streams`, { as: guest });
  expect(whole.body.data.map(({ id }: { id: string }) => id)).toEqual(made.slice(0, 100));
  const invited = await idsOf(guest, `GET ${streams}/guest-streams?`, 60);
  expect(invited).toEqual({ ids: made, sizes: [60, 43] });
  // Without `after` it is the list, whatever its limit; its last id leads on.
  const list = await call(`GET ${streams}?moderated=true&limit=5`, { as: host });
  // Others create streams meanwhile, which are among the newest hundred of all hosts.
  const newest = list.body.data.map(({ id }: { id: string }) => id);
  expect(newest.length).toBeGreaterThan(20);
  expect(newest).toEqual(made.slice(0, newest.length));
  const rest = await idsOf(host, `GET ${streams}?moderated=true&`, 20, newest.at(-1));
  expect(rest.ids).toEqual(made.slice(newest.length));
  const hosted = await idsOf(host, `GET ${streams}?moderated=true&`, 100);
  expect(hosted.ids).toEqual(made);
  const first = await call(`GET ${streams}?moderated=true&after=${made[50]}`, { as: host });
  expect(first.body.data.pageInfo.limit).toBe(20);
  for (const misfit of [`sortBy=startedAt&after=${made[0]}`, "limit=0", "limit=101", "after=x"])
    expect((await call(`GET ${streams}/guest-streams?${misfit}`, { as: guest })).status).toBe(400);
}, 120_000);

test("hosts and moderators find their live streams behind a hundred newer ones", async () => {
  const [host, other, boss] = await Promise.all([person(), person(), admin()]);
  const moderator = await person();
  for (const as of [host, other, moderator]) await call("GET /api/v1/wallet", { as });
  const make = async (as: typeof host) =>
    (await call(`POST ${streams}/create`, { as, body: { title: "Here" } })).body.data.id as string;
  const id = await make(host);
  const joined = { as: host, body: { liveStreamId: id } };
  expect((await call(`POST ${streams}/join-as-creator`, joined)).status).toBe(200);
  const settings = { as: host, body: { moderators: [moderator.id] } };
  expect((await call(`PATCH ${streams}/${id}/chat-settings`, settings)).status).toBe(200);
  for (let n = 0; n < 101; n++) await make(other);
  for (const as of [host, moderator, boss]) {
    const { body } = await call(`GET ${streams}?moderated=true`, { as });
    expect(body.data.map((stream: { id: string }) => stream.id)).toContain(id);
  }
  const { body } = await call(`GET ${streams}?moderated=true`, { as: other });
  expect(body.data).toHaveLength(100);
}, 120_000);

test("funded streams have pages", async () => {
  const [host, fan] = await Promise.all([person(), person()]);
  await topUp(fan, 100);
  await call("GET /api/v1/wallet", { as: host });
  const plannedStartDate = new Date(Date.now() + 86_400_000).toISOString();
  const made: string[] = [];
  for (let n = 0; n < 3; n++) {
    const body = { title: "planned", fundingGoal: 10, plannedStartDate };
    const created = await call(`POST ${streams}/create`, { as: host, body });
    const { id } = created.body.data;
    await call(`POST ${streams}/${id}/fund`, { as: fan, body: { amount: 1 } });
    made.unshift(id);
  }
  const whole = await call(`GET ${streams}/funded`, { as: fan });
  expect(whole.body.data.map(({ id }: { id: string }) => id)).toEqual(made);
  expect(await idsOf(fan, `GET ${streams}/funded?`, 2)).toEqual({ ids: made, sizes: [2, 1] });
});
