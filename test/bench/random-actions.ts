/** The calls of `npm run bench -- random`, and what they have done as far as responses tell. */
import { type Answer, freshId, type Person, person } from "../api/people.ts";
import type { Chance } from "./scale/chance.ts";

/** A stream, and what calls in it were acknowledged. */
export type Room = {
  id: string;
  host: Person;
  isLive: boolean;
  messages: string[];
  /** Quantities of gifts, by id. */
  gifts: Map<string, number>;
  refunded: Set<string>;
  superlikes: number;
  polls: string[];
  moments: string[];
};

/** Sends a call until it is answered with less than 500, a POST under one key. */
export type Send = (route: string, as: Person, body?: object) => Promise<Answer>;

/** The users and streams of a run. */
export type World = {
  chance: Chance;
  send: Send;
  admin: Person;
  service: Person;
  giftTypes: readonly string[];
  users: Person[];
  rooms: Room[];
  /** Taps by stream and user. */
  taps: Map<string, number>;
};

type Action = (world: World, some: { room: Room; user: Person; other: Person }) => Promise<unknown>;

const oneOf = <T>(chance: Chance, list: readonly T[]): T => list[chance.below(list.length)]!;
const pathOf = ({ id }: Room) => `/api/v1/live-stream/${id}`;

/** A user with some credits. */
export async function addUser({ chance, send, service, users }: World): Promise<void> {
  const user = await person();
  const body = { amount: 1 + chance.below(3_000), reference: freshId() };
  await send("GET /api/v1/users/me", user);
  await send(`POST /api/v1/wallets/${user.id}/top-ups`, service, body);
  users.push(user);
}

/** Creates a stream and returns its id; undefined if it was refused. */
async function create(world: World, host: Person, more: object = {}): Promise<string | undefined> {
  const { body } = await world.send("POST /api/v1/live-stream/create", host, {
    title: "Random",
    ...more,
  });
  return body.data?.id;
}

/** Makes a stream live, and lists it. */
async function start({ send, rooms }: World, host: Person, id: string): Promise<void> {
  const { status } = await send("POST /api/v1/live-stream/join-as-creator", host, {
    liveStreamId: id,
  });
  if (status !== 200) return;
  const done = { messages: [], gifts: new Map(), refunded: new Set<string>(), superlikes: 0 };
  rooms.push({ id, host, isLive: true, ...done, polls: [], moments: [] });
}

/** A live stream, one in five of which is paid. */
export async function addRoom(world: World, host: Person): Promise<void> {
  const { chance } = world;
  const id = await create(world, host, chance.hits(0.2) ? { price: 1 + chance.below(30) } : {});
  if (id !== undefined) await start(world, host, id);
}

const chat: Action = async ({ chance, send }, { room, user }) => {
  const content = `hello ${chance.below(1e9)}`;
  const { status, body } = await send(`POST ${pathOf(room)}/chat/messages`, user, { content });
  if (status === 201) room.messages.push(body._id);
};

const gift: Action = async ({ chance, send, giftTypes }, { room, user }) => {
  const giftTypeId = oneOf(chance, giftTypes);
  const quantity = chance.hits(0.2) ? 2 + chance.below(4) : 1;
  for (let times = 1 + chance.below(4); times > 0; times--) {
    const body = { giftTypeId, liveStreamId: room.id, quantity };
    const answer = await send("POST /api/v1/gifts/create", user, body);
    if (answer.status !== 201) return;
    room.gifts.set(answer.body.data?.id ?? answer.body.id, quantity);
  }
};

const refund: Action = async ({ chance, send, admin }, { room }) => {
  const id = [...room.gifts.keys()].at(-1 - chance.below(6));
  if (id === undefined) return;
  const as = chance.hits(0.5) ? admin : room.host;
  const { status } = await send(`POST /api/v1/gifts/${id}/refund`, as);
  if (status === 200) room.refunded.add(id);
};

const like: Action = async ({ chance, send, taps }, { room, user }) => {
  const place = `${room.id} ${user.id}`;
  const total = (taps.get(place) ?? 0) + 1 + chance.below(20);
  const session = `random-${user.id.slice(0, 20)}`;
  const { status, body } = await send(`PUT ${pathOf(room)}/likes`, user, { session, total });
  if (status === 200) taps.set(place, body.data.total);
};

const startMoment: Action = async ({ chance, send }, { room }) => {
  const isPoll = chance.hits(0.6);
  const poll = { kind: "poll", options: ["a", "b", "c"], choices: 1 + chance.below(2) };
  const goal = { kind: "goal", of: oneOf(chance, ["credits", "gifts", "likes"]) };
  const { status, body } = await send(`POST ${pathOf(room)}/moments`, room.host, {
    title: "Random",
    ...(isPoll ? { ...poll, seconds: 10 + chance.below(30) } : { ...goal, target: 100 }),
  });
  if (status !== 201) return;
  room.moments.push(body.data.id);
  if (isPoll) room.polls.push(body.data.id);
};

const vote: Action = async ({ chance, send }, { room, user }) => {
  const id = room.polls.at(-1);
  const body = { options: [chance.below(3)] };
  if (id !== undefined) await send(`PUT ${pathOf(room)}/moments/${id}/vote`, user, body);
};

const ban: Action = async ({ chance, send }, { room, user }) => {
  const { status, body } = await send("POST /api/v1/live-stream-ban", room.host, {
    targetUserId: user.id,
    liveStreamId: room.id,
    actionType: oneOf(chance, ["BLOCK", "CHAT_ONLY"]),
    scope: oneOf(chance, ["stream", "channel"]),
    durationSeconds: 10 + chance.below(10),
  });
  if (status < 300 && chance.hits(0.5))
    await send(`DELETE /api/v1/live-stream-ban/${body.data.id ?? body.data._id}`, room.host);
};

const fund: Action = async (world, { user: host }) => {
  const { chance, send, users, admin } = world;
  const plannedStartDate = new Date(Date.now() + 600_000).toISOString();
  const planned = { fundingGoal: 20 + chance.below(200), price: 5, plannedStartDate };
  const id = await create(world, host, planned);
  if (id === undefined) return;
  for (let times = 0; times < 3; times++)
    await send(`POST /api/v1/live-stream/${id}/fund`, oneOf(chance, users), {
      amount: 1 + chance.below(100),
    });
  if (chance.hits(0.4)) await start(world, host, id);
  else if (chance.hits(0.5)) await send(`POST /api/v1/live-stream/${id}/cancel`, host);
  else await send(`DELETE /api/v1/live-stream/${id}`, admin);
};

const leave: Action = async (world, { user }) => {
  const { send, users, rooms } = world;
  if (rooms.some(({ isLive, host }) => isLive && host === user)) return;
  const { status } = await send("DELETE /api/v1/users/me?forfeit=true", user);
  if (status !== 204) return;
  users.splice(users.indexOf(user), 1);
  await addUser(world);
};

const end: Action = async ({ send, rooms }, { room }) => {
  if (rooms.filter(({ isLive }) => isLive).length < 3) return;
  room.isLive = false;
  await send(`POST ${pathOf(room)}/end`, room.host);
};

const train = {
  enabled: true,
  startSenders: 2,
  windowSeconds: 60,
  levels: [50, 500],
  levelSeconds: 60,
};

/** The actions and how often each is taken. */
export const actions: readonly (readonly [weight: number, Action])[] = [
  [8, chat],
  [8, gift],
  [3, refund],
  [6, like],
  [6, vote],
  [2, startMoment],
  [1.5, ban],
  [1.2, fund],
  [0.6, leave],
  [0.5, end],
  [1, (world, { user }) => addRoom(world, user)],
  [
    3,
    async ({ send }, { room, user }) => {
      const { status } = await send(`POST ${pathOf(room)}/chat/superlike`, user);
      if (status === 201) room.superlikes++;
    },
  ],
  [
    2,
    async ({ chance, send, admin }, { room }) => {
      const id = room.messages.at(-1 - chance.below(5));
      if (id !== undefined) await send(`DELETE ${pathOf(room)}/chat/messages/${id}`, admin);
    },
  ],
  [
    2,
    async ({ chance, send }, { room }) => {
      const messageId = room.messages.at(-1);
      const verb = chance.hits(0.7) ? "PUT" : "DELETE";
      if (messageId) await send(`${verb} ${pathOf(room)}/chat/pin`, room.host, { messageId });
    },
  ],
  [
    1.5,
    async ({ chance, send }, { room }) => {
      const id = room.moments.at(-1 - chance.below(3));
      const how = chance.hits(0.7) ? "end" : "cancel";
      if (id !== undefined) await send(`POST ${pathOf(room)}/moments/${id}/${how}`, room.host);
    },
  ],
  [
    1,
    ({ chance, send }, { room }) =>
      send(`PUT ${pathOf(room)}/train`, room.host, {
        ...train,
        startCredits: 10 + chance.below(90),
      }),
  ],
  [
    1,
    ({ chance, send }, { room }) =>
      send(
        `PATCH ${oneOf(chance, [`${pathOf(room)}/chat-settings`, "/api/v1/channel"])}`,
        room.host,
        {
          giftsEnabled: chance.hits(0.9),
          blockedWords: [`word${chance.below(5)}`],
        },
      ),
  ],
  [
    2,
    ({ send }, { room, user }) =>
      send("POST /api/v1/live-stream/join", user, { liveStreamId: room.id }),
  ],
  [
    1,
    ({ send, admin }, { room, user }) =>
      send(`POST ${pathOf(room)}/passes/${user.id}/refund`, admin),
  ],
  [
    1.5,
    ({ chance, send }, { user, other }) =>
      send("POST /api/v1/messages/credit-transfer", user, {
        recipientId: other.id,
        amount: 1 + chance.below(20),
      }),
  ],
  [
    1,
    ({ chance, send, service }, { user }) =>
      send(`POST /api/v1/wallets/${user.id}/payouts`, service, {
        amount: 1 + chance.below(50),
        reference: freshId(),
      }),
  ],
  [
    0.4,
    ({ chance, send, service }, { user }) =>
      send(`PUT /api/v1/wallets/${user.id}/spend-limit`, service, {
        spendLimit: oneOf(chance, [0, 100, 1_000]),
      }),
  ],
  [
    0.5,
    ({ send }, { user }) =>
      send("PATCH /api/v1/users/username", user, { newUsername: `n${freshId().slice(0, 12)}` }),
  ],
  [1, ({ send }, { user, other }) => send(`POST /api/v1/follow/${other.id}`, user)],
  [0.5, ({ send }, { user }) => send("GET /api/v1/users/me/export", user)],
];
