import { call, expectFailure, freshId, liveStream, person, sentences } from "./people.ts";

test("a message with a key is sent once: repetitions take no number and ignore slow mode", async () => {
  const [{ id, host }, as] = await Promise.all([liveStream(), person()]);
  const path = `/api/v1/live-stream/${id}/chat/messages`;
  const key = freshId();
  const send = (content: string) => call(`POST ${path}`, { as, key, body: { content } });
  const answers = await Promise.all(Array.from({ length: 8 }, () => send("once")));
  const made = answers.filter(({ status }) => status === 201);
  expect(new Set(made.map(({ text }) => text)).size).toBe(1);
  for (const { status } of answers) expect([201, 409]).toContain(status);

  const settings = `PATCH /api/v1/live-stream/${id}/chat-settings`;
  await call(settings, { as: host, body: { slowModeSeconds: 300 } });
  const again = await send("  once ");
  expect(again.status).toBe(201);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.text).toBe(made[0]!.text);
  expectFailure(await send("another"), 422, sentences[422]);

  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  expect((await send("once")).text).toBe(made[0]!.text);
  const history = await call(`GET ${path}`, { as });
  expect(history.body).toMatchObject({ messages: [{ content: "once" }], total: 1, totalPages: 1 });
});

test("a repeated call takes no number, so that the pages of the history stay the same", async () => {
  const { id, host } = await liveStream();
  const route = `POST /api/v1/live-stream/${id}/chat/messages`;
  const key = freshId();
  for (let time = 0; time < 12; time++)
    expect((await call(route, { as: host, key, body: { content: "once" } })).status).toBe(201);
  const { body } = await call(route, { as: host, body: { content: "next" } });
  // The end of a message's id is its number.
  expect(Number.parseInt(body._id.slice(-8), 16)).toBe(2);
});

test("repeating a deleted message's key does not restore its text", async () => {
  const [{ id, host }, as] = await Promise.all([liveStream(), person()]);
  const path = `/api/v1/live-stream/${id}/chat/messages`;
  const key = freshId();
  const send = () => call(`POST ${path}`, { as, key, body: { content: "a terrible word" } });
  const first = await send();
  expect(await send()).toMatchObject({ status: 201, text: first.text });
  await call(`DELETE ${path}/${first.body._id}`, { as: host });
  const again = await send();
  expect(again.status).toBe(201);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.body).toEqual({ ...first.body, content: "", deleted: true });
});

test("a blocked moderator can no longer moderate", async () => {
  const [{ id, host }, mod, viewer] = await Promise.all([liveStream(), person(), person()]);
  for (const as of [mod, viewer]) await call("GET /api/v1/users/me", { as });
  const settings = `PATCH /api/v1/live-stream/${id}/chat-settings`;
  await call(settings, { as: host, body: { moderators: [mod.id] } });
  const ban = (as: typeof mod, targetUserId: string) =>
    call("POST /api/v1/live-stream-ban", { as, body: { targetUserId, liveStreamId: id } });
  expect((await ban(mod, viewer.id)).status).toBe(200);
  expect((await ban(host, mod.id)).status).toBe(200);
  for (const route of [
    settings,
    `GET /api/v1/live-stream/${id}/moderation-log`,
    `DELETE /api/v1/live-stream/${id}/chat/pin`,
  ]) {
    const body = route === settings ? { slowModeSeconds: 1 } : undefined;
    expectFailure(await call(route, { as: mod, body }), 403, sentences[403]);
  }
});
