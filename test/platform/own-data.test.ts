import { openTable } from "../../bin/aws/table.ts";
import { audit } from "../../platform/audit/audit.ts";
import { scanTable } from "../../platform/table/query.ts";
import { call, eventually, freshId, giftType, liveStream, person, topUp } from "../api/people.ts";
import { type System, startSystem } from "../system.ts";

/*
 * What is left of a deleted user in the whole table of a separate system.
 */

let system: System;
let closeTable: () => Promise<void>;
beforeAll(async () => {
  system = await startSystem({ env: { DEMO: "off" } });
  process.env.API_URL = system.url;
  process.env.TOKEN_URL = `${system.url}/local/token`;
  process.env.DATA_DIR = system.dataDir;
  closeTable = await openTable();
});
afterAll(async () => {
  await closeTable();
  await system.stop();
});

/** Unique values: wherever one is stored, it belongs to the user. */
const marks = {
  username: `zoe${freshId()}`,
  name: `Zoename${freshId()}`,
  surname: `Zoesurname${freshId()}`,
  picture: `https://pictures.example.com/${freshId()}.png`,
  text: `text-${freshId()}`,
  device: `device-${freshId()}`,
};

/** The items that hold one of the marks, by mark and key; whatever the case. */
async function found(): Promise<string[]> {
  const list: string[] = [];
  for await (const item of scanTable()) {
    const text = JSON.stringify(item).toLowerCase();
    for (const [what, mark] of Object.entries(marks))
      if (text.includes(mark.toLowerCase())) list.push(`${what} in ${item.PK} ${item.SK}`);
  }
  return list;
}

/** The items of a user's reminders, found by their keys. */
async function remindersOf({ id }: { id: string }): Promise<string[]> {
  const list: string[] = [];
  for await (const { PK, SK } of scanTable())
    if (String(SK).startsWith("REMIND#") && String(SK).includes(id)) list.push(`${PK} ${SK}`);
  return list;
}

async function ok(answer: ReturnType<typeof call>) {
  const { status, text, body } = await answer;
  if (status >= 300) throw new Error(`${status}: ${text}`);
  return body?.data;
}

test("no name, text, picture or device of a deleted user is left, and the books balance", async () => {
  const { username, name, surname, picture, text, device } = marks;
  const claims = { preferred_username: username, given_name: name, family_name: surname, picture };
  const zoe = await person({ claims });
  const fan = await person({ claims: { given_name: "Fan" } });
  await ok(call("GET /api/v1/users/me", { as: zoe }));
  await ok(call(`POST /api/v1/follow/${zoe.id}`, { as: fan }));
  const body = { token: device, platform: "ios" };
  await ok(call("POST /api/v1/notifications/device-token", { as: zoe, body }));
  // As a host: her followers are notified of her stream, and a fan gives.
  const own = await liveStream(zoe);
  const giftTypeId = await giftType(10);
  for (const someone of [zoe, fan]) await topUp(someone, 100);
  const give = (as: typeof zoe, liveStreamId: string) =>
    ok(
      call("POST /api/v1/gifts/create", { as, key: freshId(), body: { giftTypeId, liveStreamId } }),
    );
  await give(fan, own.id);
  const notes = () => call("GET /api/v1/notifications", { as: fan });
  await eventually(notes, (answer) => answer.text.includes(name));
  // As a viewer: she talks, gives, waits for another stream and is banned.
  const other = await liveStream();
  const say = (as: typeof zoe, content: string) =>
    ok(
      call(`POST /api/v1/live-stream/${other.id}/chat/messages`, {
        as,
        key: freshId(),
        body: { content },
      }),
    );
  await say(zoe, `Hello ${text}`);
  await say(fan, "I stay");
  await give(zoe, other.id);
  await ok(
    call(`POST /api/v1/live-stream/${other.id}/chat/superlike`, {
      as: zoe,
      key: freshId(),
      body: {},
    }),
  );
  const ban = { targetUserId: zoe.id, liveStreamId: other.id, actionType: "CHAT_ONLY" };
  await ok(call("POST /api/v1/live-stream-ban", { as: other.host, body: ban }));
  const plannedStartDate = new Date(Date.now() + 86_400_000).toISOString();
  const planned = await ok(
    call("POST /api/v1/live-stream/create", {
      as: fan,
      body: { title: "Tomorrow", plannedStartDate },
    }),
  );
  await ok(
    call(`POST /api/v1/live-stream/${planned.id}/reminder`, { as: zoe, body: { minute: 10 } }),
  );
  // One where the stream has it, and one where it will be looked for when it is due.
  expect(await remindersOf(zoe)).toHaveLength(2);
  await ok(call(`POST /api/v1/live-stream/${own.id}/end`, { as: zoe }));
  const before = await found();
  for (const what of Object.keys(marks))
    expect(before.some((one) => one.startsWith(what))).toBe(true);
  expect(before.some((one) => one.includes("FRAMES#"))).toBe(true);
  const wallet = () => call("GET /api/v1/wallet", { as: zoe });
  await eventually(wallet, ({ body }) => body.data.pending === 0);

  expect((await call("DELETE /api/v1/users/me?forfeit=true", { as: zoe })).status).toBe(204);
  await eventually(found, (left) => left.length === 0);
  await eventually(
    () => remindersOf(zoe),
    (left) => left.length === 0,
  );
  const chat = await call(`GET /api/v1/live-stream/${other.id}/chat/messages`, { as: fan });
  expect(chat.text).toContain("I stay");
  const pause = (milliseconds: number) =>
    new Promise<void>((done) => setTimeout(done, milliseconds));
  const report = await audit({
    read: scanTable,
    now: new Date(),
    patienceMilliseconds: 5_000,
    pause,
  });
  expect(report.misfits).toEqual([]);
  expect(report.sums.paidOut).toBe(90);
});
