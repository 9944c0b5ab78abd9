import { call, expectFailure, known, type Person, person, sentences } from "./people.ts";

const streams = "/api/v1/live-stream";
const create = async (host: Person, body: object) => {
  const made = await call(`POST ${streams}/create`, { as: host, body: { title: "t", ...body } });
  expect(made.status).toBe(201);
  return made.body.data;
};
const invitedTo = async (as: Person, query = "") => {
  const { status, body } = await call(`GET ${streams}/guest-streams${query}`, { as });
  expect(status).toBe(200);
  return body.data.map(({ id }: { id: string }) => id);
};

test("invited guests are listed as broadcasters, with their current names", async () => {
  const [host, guest, viewer] = await Promise.all([known(), known(), known()]);
  // The host is a broadcaster once, and a guest who is named twice too.
  const body = { title: "two", guests: [guest.id, host.id, guest.id], price: 5 };
  const as = host;
  const headers = { "idempotency-key": `guests-${host.id}` };
  const first = await call(`POST ${streams}/create`, { as, body, headers });
  const { id, broadcasters, guests } = first.body.data;
  expect(guests).toEqual([guest.id, host.id]);
  expect(broadcasters).toMatchObject([
    { user: host.id, role: "host", userSummary: { _id: host.id } },
    { user: guest.id, role: "guest", uid: expect.any(Number), userSummary: { _id: guest.id } },
  ]);
  await call("PUT /api/v1/users/me", { as: guest, body: { name: "Gülay" } });
  const read = await call(`GET ${streams}/${id}`, { as: viewer });
  expect(read.body.data.broadcasters[1].userSummary.name).toBe("Gülay");
  const again = await call(`POST ${streams}/create`, { as, body, headers });
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.body.data.broadcasters).toEqual(read.body.data.broadcasters);

  // A deleted guest is no longer a broadcaster, and the next user of the sub needs a pass.
  const inside = `GET ${streams}/${id}/chat/messages`;
  expect((await call(inside, { as: guest })).status).toBe(200);
  expect((await call("DELETE /api/v1/users/me", { as: guest })).status).toBe(204);
  const left = await call(`GET ${streams}/${id}`, { as: viewer });
  expect(left.body.data.broadcasters).toMatchObject([{ user: host.id }]);
  expect(left.body.data.guests).toEqual([host.id]);
  const refused = await call(inside, { as: await person({ id: guest.id }) });
  expect(refused.body.code).toBe("pass_required");
});

test("a guest lists the streams that they are invited to, filtered and sorted", async () => {
  const [host, guest, other] = await Promise.all([known(), known(), known()]);
  const guests = [guest.id];
  const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  const late = await create(host, { guests, plannedStartDate: inHours(5), durationGoal: 10 });
  const soon = await create(host, { guests, plannedStartDate: inHours(2), durationGoal: 30 });
  const open = await create(host, { guests: [guest.id, other.id], durationGoal: 20 });
  await create(host, {});

  expect(await invitedTo(guest)).toEqual([open.id, soon.id, late.id]);
  expect(await invitedTo(guest, "?sortOrder=asc")).toEqual([late.id, soon.id, open.id]);
  expect(await invitedTo(guest, "?status=scheduled")).toEqual([soon.id, late.id]);
  const bySoonest = "?sortBy=plannedStartDate&sortOrder=asc";
  expect(await invitedTo(guest, bySoonest)).toEqual([soon.id, late.id, open.id]);
  // Streams without the value come last in both orders.
  expect(await invitedTo(guest, "?sortBy=plannedStartDate")).toEqual([late.id, soon.id, open.id]);
  expect(await invitedTo(guest, "?sortBy=durationGoal")).toEqual([soon.id, open.id, late.id]);
  expect(await invitedTo(other)).toEqual([open.id]);
  expect(await invitedTo(host)).toEqual([]);

  await call(`POST ${streams}/${soon.id}/cancel`, { as: guest });
  expect(await invitedTo(guest, "?status=cancelled_by_guest")).toEqual([soon.id]);
  await call(`DELETE ${streams}/${open.id}`, { as: host });
  expect(await invitedTo(guest)).toEqual([soon.id, late.id]);
  const kept = (await call("GET /api/v1/users/me/export", { as: guest })).body.data.invitations;
  expect(kept.map(({ streamId }: { streamId: string }) => streamId)).toEqual([soon.id, late.id]);

  for (const query of ["status=live", "sortBy=title", "sortOrder=up"])
    expectFailure(
      await call(`GET ${streams}/guest-streams?${query}`, { as: guest }),
      400,
      sentences[400],
    );
});

test("a host who names themselves among the guests cancels as the host", async () => {
  const host = await known();
  const { id } = await create(host, { guests: [host.id] });
  const cancelled = await call(`POST ${streams}/${id}/cancel`, { as: host });
  expect(cancelled.body.data.status).toBe("cancelled_by_host");
});
