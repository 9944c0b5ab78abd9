/** What the moderation log says of settings, and what a block forbids to those invited. */
import { profileOf } from "../../domain/people/user.ts";
import { makeBan } from "../../domain/streams/ban.ts";
import { handler as cancel } from "../../functions/streams/cancel.ts";
import { handler as changeSettings } from "../../functions/streams/chat/change-settings.ts";
import { handler as fund } from "../../functions/streams/fund.ts";
import { handler as joinAsGuest } from "../../functions/streams/join-as-guest.ts";
import { handler as remind } from "../../functions/streams/remind.ts";
import { newId } from "../../platform/runtime/id.ts";
import { recordBan } from "../../platform/store/streams/bans.ts";
import { applyChannel, changeChannel } from "../../platform/store/streams/channels.ts";
import { listActs } from "../../platform/store/streams/moderation.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { callEndpoint } from "./api-call.ts";
import { plannedStream } from "./fundings.ts";
import { useOwnTable } from "./table.ts";
import { makeUser, someone } from "./wallet-people.ts";

useOwnTable();

const now = new Date();

test("changed settings are logged with who changed them: a moderator, or the channel's host", async () => {
  const [host, moderator] = [await makeUser(someone("host")), await makeUser(someone("mod"))];
  const planned = await plannedStream({}, now, host);
  const stream = { ...planned, id: newId(now), moderators: [moderator] };
  await recordStream(stream);
  const call = { as: moderator, path: { streamId: stream.id }, body: { slowModeSeconds: 5 } };
  for (let times = 0; times < 2; times++)
    expect((await callEndpoint(changeSettings, call)).status).toBe(200);
  const acts = () => listActs(stream.id, 10, undefined);
  const entry = (actorId: string) => ({ action: "settings.changed", actorId, targetId: null });
  expect(await acts()).toMatchObject([entry(moderator)]);
  await changeChannel(host, { slowModeSeconds: 30 }, now);
  const later = new Date(Date.now() + 1_000);
  for (let times = 0; times < 2; times++) await applyChannel(host, later);
  expect(await acts()).toMatchObject([entry(host), entry(moderator)]);
});

test("a blocked guest can neither join, cancel, contribute nor be reminded", async () => {
  const guest = await makeUser(someone("guest"), 100);
  const stream = { ...(await plannedStream()), id: newId(now), guests: [guest] };
  await recordStream(stream);
  const target = profileOf(guest, {}, now);
  const given = { id: newId(now), stream, target, by: stream.hostId, now };
  await recordBan(stream, makeBan({ actionType: "BLOCK" }, given), now);
  const [path, blocked] = [
    { streamId: stream.id },
    { status: 403, body: { code: "member_blocked" } },
  ];
  const calls: [handler: unknown, call: object][] = [
    [joinAsGuest, { body: { liveStreamId: stream.id } }],
    [cancel, { path }],
    [fund, { path, body: { amount: 1 } }],
    [remind, { path, body: {} }],
  ];
  for (const [handler, call] of calls)
    expect(await callEndpoint(handler, { as: guest, ...call })).toMatchObject(blocked);
});
