/** Tencent's gift callbacks on a separate system, and faults at single callbacks. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import {
  call,
  eventually,
  giftType,
  liveStream,
  type Person,
  rich,
  walletOf,
} from "../../api/people.ts";
import { callBack, callbackQuery, giftAsked, timed } from "../../api/tencent-callback.ts";
import type { System } from "../../system.ts";
import { auditOf, clearFaults, injectFault, startOwn } from "./running.ts";

/** The function that receives callbacks. */
export const receiver = "tencent-callbacks-receive";

let system: System;
let GiftId: string;

/** The system of a file, from its first test to its last, with a stream that gifts are sent in. */
export function useReceiver() {
  let host: Person;
  let streamId: string;

  const ask = (from: Person, more = {}, query = callbackQuery()) => {
    const gift = { From_Account: from.id, To_Account: [host.id], GiftId, ...more };
    return callBack(giftAsked(streamId, gift), { query });
  };

  beforeAll(async () => {
    process.env.TENCENT_CALLBACK_KEY = randomBytes(16).toString("hex");
    system = await startOwn();
    ({ host, id: streamId } = await liveStream());
    GiftId = await giftType(10);
    // Warms the functions up: their first calls take longer than the others.
    for (let n = 0; n < 3; n++) await ask(await rich(10));
  });
  afterAll(async () => {
    const { dataDir } = system;
    await system.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  afterEach(() => clearFaults());

  return {
    ask,
    host: () => host,
    /** A sender's gifts in the stream, each with whether it was refunded. */
    async giftsOf(sender: Person): Promise<{ refundedAt: string | null }[]> {
      const path = `/api/v1/live-stream/${streamId}/gifts?limit=100`;
      const found = await call(`GET ${path}`, { as: host });
      return found.body.data.list.filter((gift: { sender: { _id: string } }) => {
        return gift.sender._id === sender.id;
      });
    },
    kill: () => system.kill(),
    /** Starts it again after `kill`. */
    async start(): Promise<void> {
      system = await startOwn(system.dataDir, Number(new URL(system.url).port));
    },
  };
}

/** Expects that the system's books are consistent. */
export const expectProven = () =>
  expect(auditOf(system.dataDir)).toMatchObject({ code: 0, says: expect.any(String) });

/** A sender with 10 credits and a room of their own, so that faults can be aimed at one case. */
export async function scene() {
  const [sender, room] = await Promise.all([rich(10), liveStream()]);
  const water = { From_Account: sender.id, To_Account: [room.host.id], GiftId };
  const callIt = () => timed(callBack(giftAsked(room.id, water), { query: callbackQuery() }));
  return { sender, room, callIt };
}
export type Scene = Awaited<ReturnType<typeof scene>>;

/** Where the money of a scene is, and what anybody can see of its gift. */
export async function stateOf({ sender, room: { host: as, id } }: Scene) {
  const read = async (path: string) =>
    (await call(`GET /api/v1/live-stream/${id}/${path}`, { as })).body.data;
  const [{ balance }, received] = await Promise.all([walletOf(sender), walletOf(as)]);
  const [{ list }, { totalCount }, fans, { frames }] = await Promise.all([
    read("gifts"),
    read("gift-statistics"),
    read("leaderboard"),
    read("events?after=0"),
  ]);
  type Event = { type: string };
  const events: Event[] = frames.flatMap((frame: { events: Event[] }) => frame.events);
  const pushed = events.filter(({ type }) => type.startsWith("gift.")).map(({ type }) => type);
  const credited = received.balance + received.pending;
  return { balance, credited, listed: list.length, totalCount, fans: fans.length, pushed };
}
export type State = Awaited<ReturnType<typeof stateOf>>;

export const refused: State = {
  balance: 10,
  credited: 0,
  listed: 0,
  totalCount: 0,
  fans: 0,
  pushed: [],
};
export const charged: State = {
  balance: 0,
  credited: 10,
  listed: 1,
  totalCount: 1,
  fans: 1,
  pushed: ["gift.sent"],
};

/** Waits until a scene is in a state; reads only the sender's balance until that fits. */
export const becomes = (one: Scene, wanted: State) =>
  eventually(
    async () => {
      const { balance } = await walletOf(one.sender);
      return balance === wanted.balance ? stateOf(one) : undefined;
    },
    (state) => isDeepStrictEqual(state, wanted),
  ).catch(async () => expect(await stateOf(one)).toEqual(wanted));

/** A fault at the calls of one case: those that touch a key with this prefix. */
export type Aimed = [operation: string, kind: string, keyPrefix: (one: Scene) => string];
type Case = { name: string; faults: Aimed[] };

export const ofWallet = ({ sender }: Scene) => `WALLET#${sender.id}`;
export const ofMark = ({ sender }: Scene) => `CALL#${sender.id}`;
export const ofGift = ({ room }: Scene) => `STREAM#${room.id}/GIFT#`;

const roundsMax = 20;

/**
 * Plays cases in parallel, each with its own faults; `queueFault` is a fault of the queue for all.
 * On a busy machine a call's time may end before it reaches its faults: that case is played again.
 */
export async function play(cases: readonly Case[], queueFault?: string) {
  const played = new Map<string, { one: Scene; code: number; status: number; inTime: boolean }>();
  const fault = { caller: receiver, count: 1000 };
  for (let round = 0; round < roundsMax && played.size < cases.length; round++) {
    const left = cases.filter(({ name }) => !played.has(name));
    const scenes = await Promise.all(left.map(scene));
    if (queueFault) await injectFault({ ...fault, service: "sqs", kind: queueFault });
    for (const [at, { faults }] of left.entries())
      for (const [operation, kind, keyOf] of faults) {
        const keyPrefix = keyOf(scenes[at]!);
        await injectFault({ ...fault, service: "dynamodb", operation, kind, keyPrefix });
      }
    const calls = await Promise.all(scenes.map(({ callIt }) => callIt()));
    const { body } = await call("GET /local/faults");
    await clearFaults();
    const struck = body.faults.filter((one: { struck: number }) => one.struck > 0);
    const isStruck = (operation: string, keyPrefix: string) =>
      struck.some((one: Aimed & Record<string, unknown>) =>
        isDeepStrictEqual([one.operation, one.keyPrefix], [operation, keyPrefix]),
      );
    for (const [at, { name, faults }] of left.entries()) {
      const [one, { answer, milliseconds }] = [scenes[at]!, calls[at]!];
      const code: number = answer.body.ErrorCode;
      const isPlayed = faults.every(([operation, , keyOf]) => isStruck(operation, keyOf(one)));
      // The gateway's own answer has no code: the machine was too slow for the function's.
      const isOwn = code === 0 || answer.headers.has("x-error-code");
      if (!isPlayed || !isOwn || (faults.length === 0 && code !== 0)) continue;
      played.set(name, { one, code, status: answer.status, inTime: milliseconds < 2000 });
    }
  }
  expect([...played.keys()].sort()).toEqual(cases.map(({ name }) => name).sort());
  return played;
}
