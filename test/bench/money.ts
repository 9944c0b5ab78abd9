/**
 * `npm run bench:money`: gifts of 200 senders to one host, as Ovation makes them and as the obvious
 * design would (debit and credit in one transaction), on one engine in one run, with the conflicts
 * that DynamoDB gives to overlapping transactions. Then the request units of a gift.
 */
import { decideGift } from "../../domain/money/gift.ts";
import type { GiftType } from "../../domain/money/gift-type.ts";
import { credit, draftOf } from "../../domain/money/wallet.ts";
import { personOfSummary } from "../../domain/people/person.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { setting } from "../../platform/runtime/env.ts";
import { getGiftType, recordGiftType } from "../../platform/store/money/gift-types.ts";
import { getGiver, newGiftId } from "../../platform/store/money/gifts.ts";
import { getGift } from "../../platform/store/money/refunds.ts";
import { settle } from "../../platform/store/money/settle.ts";
import { foldActions, foldOf } from "../../platform/store/money/totals.ts";
import { commit, findWallet } from "../../platform/store/money/wallets.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { keyedCall } from "../../platform/table/idempotency.ts";
import { key } from "../../platform/table/keys.ts";
import { table } from "../../platform/table/table.ts";
import { startTable } from "../platform/table.ts";
import {
  forget,
  giftTypeOf,
  keep,
  makeStream,
  makeUser,
  sendOne,
} from "../platform/wallet-people.ts";
import { addConflicts, type Seen } from "./conflicts.ts";
import { print, quantile, round, wait } from "./figures.ts";

const senderCount = 200;
const seconds = 8;

type Place = { stream: Stream; type: GiftType; senders: string[] };
/** Sends one gift with a key; answers its id. */
type Send = (place: Place, sender: string) => Promise<string>;

let keys = 0;
const keyed = (sender: string) =>
  keep(keyedCall(sender, "POST /api/v1/gifts/create", `key-${++keys}`, {}), new Date());

/** As the endpoint does: what the decision holds as of is read in the same request. */
const asOvation: Send = async (place, sender) => {
  const [stream, type] = await Promise.all([
    getStream(place.stream.id, { consistent: true }),
    getGiftType(place.type.id),
  ]);
  return sendOne(stream, sender, type!, {}, keyed(sender));
};

/** The obvious design: the host's wallet, entry and totals in the sender's transaction. */
const asObvious: Send = async (place, sender) => {
  const [stream, type, giver, host] = await Promise.all([
    getStream(place.stream.id, { consistent: true }),
    getGiftType(place.type.id),
    getGiver(place.stream.id, sender),
    findWallet(place.stream.hostId),
  ]);
  const [now, receivers] = [new Date(), [personOfSummary(stream.host, setting("DEFAULT_PICTURE"))]];
  const limits = { giftsPerSecond: 1_000, spendLimit: 0 };
  const id = newGiftId(stream.id, now);
  const remember = keyed(sender)({ id });
  return commit([giver.wallet, host], ([from, to]) => {
    const giving = { ...giver, stream, limits, id, now, wallet: from! };
    const wish = { giftType: type!, receivers, count: 1, charged: true };
    const { gift, draft } = decideGift(giving, wish);
    const { due: _, ...settled } = gift;
    const [amount, occurredAt] = [gift.price, gift.createdAt];
    const credited = credit(draftOf(to!), { type: "gift_revenue", amount, occurredAt });
    const put = { Put: { Item: { ...key.gift(stream.id, id), ...settled } } };
    const actions = [put, ...foldActions([foldOf(gift)])];
    return {
      drafts: [draft, credited],
      actions,
      reply: { answer: id, remember: remember.remember },
    };
  });
};

async function prepare(name: string): Promise<Place> {
  const senders = Array.from({ length: senderCount }, (_, n) => `${name}-${n}`);
  for (const sender of senders) await makeUser(sender, 1_000_000);
  const type = giftTypeOf(1);
  await recordGiftType(type, forget(undefined));
  return { stream: await makeStream(`${name}-host`), type, senders };
}

/** All senders one gift after the other, for some seconds; then what is due is settled. */
async function load(name: string, send: Send, seen: Seen, settles: boolean) {
  const place = await prepare(name);
  const [waits, queue]: [number[], string[]] = [[], []];
  let refused = 0;
  let sending = true;
  Object.assign(seen, { conflicts: 0, transactions: 0, writeUnits: 0, readUnits: 0 });
  const end = Date.now() + seconds * 1000;
  const settler = settles ? settleAll(place, queue, () => sending) : Promise.resolve(0);
  await Promise.all(
    place.senders.map(async (sender) => {
      while (Date.now() < end) {
        const start = performance.now();
        try {
          queue.push(await send(place, sender));
          waits.push(performance.now() - start);
        } catch {
          refused++;
        }
      }
    }),
  );
  sending = false;
  const lag = await settler;
  const { balance } = await findWallet(place.stream.hostId);
  if (balance !== waits.length) throw new Error(`${balance} credited, ${waits.length} gifts`);
  return {
    design: name,
    "gifts/s": round(waits.length / seconds),
    "p50 ms": round(quantile(waits, 0.5)),
    "p99 ms": round(quantile(waits, 0.99)),
    "refused (503)": refused,
    "conflicts a gift": round(seen.conflicts / waits.length),
    "write units a gift": round(seen.writeUnits / waits.length),
    "read units a gift": round(seen.readUnits / waits.length),
    "settled after the last s": round(lag / 1000),
  };
}

/** Stands for the stream's consumer: what was made meanwhile is the next batch, up to 100 gifts. */
async function settleAll({ stream }: Place, queue: string[], isSending: () => boolean) {
  let ended = 0;
  while (isSending() || queue.length > 0) {
    if (!isSending() && ended === 0) ended = performance.now();
    const ids = queue.splice(0, 100);
    if (ids.length === 0) await wait(5);
    const images = await Promise.all(ids.map(imageOf));
    if (images.length > 0) await settle(stream.hostId, images, new Date());
  }
  return ended === 0 ? 0 : performance.now() - ended;
}

/** The image of a gift, which a stream record carries for nothing: not counted. */
async function imageOf(id: string) {
  const { gift } = await uncounted(() => getGift(id));
  return gift;
}

let seen: Seen;
async function uncounted<T>(read: () => Promise<T>): Promise<T> {
  const result = await read();
  // A gift is found by two reads of one unit each: its place and itself.
  seen.readUnits -= 2;
  return result;
}

/** What one gift costs: in a quiet room, and twenty settled at once by ten senders. */
async function units(name: string, batch: number) {
  const place = await prepare(name);
  const first = await asOvation(place, place.senders[0]!);
  await settle(place.stream.hostId, [await imageOf(first)], new Date());
  Object.assign(seen, { writeUnits: 0, readUnits: 0 });
  const ids: string[] = [];
  for (let n = 0; n < batch; n++) ids.push(await asOvation(place, place.senders[n % 10]!));
  const images = await Promise.all(ids.map(imageOf));
  await settle(place.stream.hostId, images, new Date());
  return {
    gifts: name,
    write: round(seen.writeUnits / batch),
    "write at most": batch === 1 ? 20 : 16,
    read: round(seen.readUnits / batch),
    "read at most": 4 + 1 / batch,
  };
}

const engine = await startTable();
seen = addConflicts(table());
try {
  print(`${senderCount} senders to one host, ${seconds} s`, [
    await load("obvious", asObvious, seen, false),
    await load("ovation", asOvation, seen, true),
  ]);
  print("Request units of a gift with a key, all in", [
    await units("quiet", 1),
    await units("twenty-at-once", 20),
  ]);
} finally {
  await engine.stop();
}
