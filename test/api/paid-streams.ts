/** Paid streams, and people who join them. */
import {
  admin,
  call,
  eventually,
  giftType,
  type Person,
  person,
  rich,
  walletOf,
} from "./people.ts";

export const live = "/api/v1/live-stream";
export const price = 30;

export async function paidStream(more: Record<string, unknown> = {}) {
  const host = await person();
  const body = { title: "Masterclass", price, ...more };
  const { id } = (await call(`POST ${live}/create`, { as: host, body })).body.data;
  await call(`POST ${live}/join-as-creator`, { as: host, body: { liveStreamId: id } });
  return { host, id: id as string };
}

export const join = (
  as: Person,
  liveStreamId: string,
  more: Record<string, unknown> = {},
  key?: string,
) => call(`POST ${live}/join`, { as, body: { liveStreamId, ...more }, ...(key && { key }) });

export const settled = (as: Person, balance: number) =>
  eventually(
    () => walletOf(as),
    (wallet) => wallet.balance === balance && wallet.pending === 0,
  );

export const refundRoute = (streamId: string, as: Person) =>
  `POST ${live}/${streamId}/passes/${as.id}/refund`;

/** All users with and without access, and the contents of a paid stream. */
export async function makePaidWorld() {
  const [moderator, guest, holder] = [await person(), await person(), await rich(100)];
  const target = await person();
  for (const one of [moderator, guest, target]) await call("GET /api/v1/users/me", { as: one });
  const { host, id: streamId } = await paidStream({ guests: [guest.id] });
  const settings = `PATCH ${live}/${streamId}/chat-settings`;
  const named = await call(settings, { as: host, body: { moderators: [moderator.id] } });
  expect(named.status).toBe(200);
  await join(holder, streamId);
  const refunded = await rich(1_000);
  await join(refunded, streamId);
  await call(refundRoute(streamId, refunded), { as: await admin() });
  const said = await call(`POST ${live}/${streamId}/chat/messages`, {
    as: holder,
    body: { content: "hello" },
  });
  const messageId = said.body._id;
  const question = { kind: "poll", title: "Which?", options: ["a", "b"], seconds: 600 };
  const poll = await call(`POST ${live}/${streamId}/moments`, { as: host, body: question });
  const giftTypeId = await giftType(1);
  const gift = await call("POST /api/v1/gifts/create", {
    as: holder,
    body: { giftTypeId, liveStreamId: streamId },
  });
  const ban = await call("POST /api/v1/live-stream-ban", {
    as: host,
    body: { targetUserId: target.id, liveStreamId: streamId, actionType: "CHAT_ONLY" },
  });
  const overlay = await call(`POST ${live}/${streamId}/overlay-keys`, { as: host, body: {} });
  const known = {
    streamId,
    liveStreamId: streamId,
    messageId,
    giftTypeId,
    replyTo: undefined,
    keyId: overlay.body.data.id,
    momentId: poll.body.data.id,
    targetUserId: target.id,
    expectedPrice: 1,
    moderators: undefined,
    giftId: gift.body.data.id,
    banId: ban.body.data._id,
  };
  const inside = { host, moderator, guest, holder, boss: await admin() };
  return { known, inside, out: { stranger: await rich(1_000), refunded } };
}

export type PaidWorld = Awaited<ReturnType<typeof makePaidWorld>>;
