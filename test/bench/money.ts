/**
 * `npm run bench:money`: gifts of 200 senders to one host, as Ovation makes them and in the naive
 * design (debit and credit in one transaction), on one engine in one run, with DynamoDB's conflicts
 * between overlapping transactions. Then the request units of a gift.
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
import { readCommand } from "./command.ts";
import { addConflicts, type Seen } from "./conflicts.ts";
import { print, quantile, round, wait } from "./figures.ts";

readCommand("npm run bench:money: compares gifts with a naive design, on one engine", {});

const senderCount = 200;
const seconds = 8;

type Fixture = { stream: Stream; type: GiftType; senders: string[] };
/** Sends one gift with an idempotency key; returns its id. */
type Send = (fixture: Fixture, sender: string) => Promise<string>;

let keys = 0;
const keyed = (sender: string) =>
  keep(keyedCall(sender, "POST /api/v1/gifts/create", `key-${++keys}`, {}), new Date());

/** As the endpoint does: reads the state that the decision depends on in the same request. */
const asOvation: Send = async (fixture, sender) => {
  const [stream, type] = await Promise.all([
    getStream(fixture.stream.id, { consistent: true }),
    getGiftType(fixture.type.id),
  ]);
  return sendOne(stream, sender, type!, {}, keyed(sender));
};

/** The obvious design: the host's wallet, entry and totals in the sender's transaction. */
const asObvious: Send = async (fixture, sender) => {
  const [stream, type, giver, host] = await Promise.all([
    getStream(fixture.stream.id, { consistent: true }),
    getGiftType(fixture.type.id),
    getGiver(fixture.stream.id, sender),
    findWallet(fixture.stream.hostId),
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

async function prepare(name: string): Promise<Fixture> {
  const senders = Array.from({ length: senderCount }, (_, n) => `${name}-${n}`);
  for (const sender of senders) await makeUser(sender, 1_000_000);
  const type = giftTypeOf(1);
  await recordGiftType(type, forget(undefined));
  return { stream: await makeStream(`${name}-host`), type, senders };
}

/** Each sender sends gifts one after another for some seconds; then the due gifts are settled. */
async function load(name: string, send: Send, seen: Seen, settles: boolean) {
  const fixture = await prepare(name);
  const [waits, queue]: [number[], string[]] = [[], []];
  let refused = 0;
  let sending = true;
  Object.assign(seen, { conflicts: 0, transactions: 0, writeUnits: 0, readUnits: 0 });
  const end = Date.now() + seconds * 1000;
  const settler = settles ? settleAll(fixture, queue, () => sending) : Promise.resolve(0);
  await Promise.all(
    fixture.senders.map(async (sender) => {
      while (Date.now() < end) {
        const start = performance.now();
        try {
          queue.push(await send(fixture, sender));
          waits.push(performance.now() - start);
        } catch {
          refused++;
        }
      }
    }),
  );
  sending = false;
  const lag = await settler;
  const { balance } = await findWallet(fixture.stream.hostId);
  if (balance !== waits.length) throw new Error(`${balance} credited, ${waits.length} gifts`);
  return {
    design: name,
    "gifts/s": round(waits.length / seconds),
    "p50 ms": round(quantile(waits, 0.5)),
    "p99 ms": round(quantile(waits, 0.99)),
    "refused (503)": refused,
    "conflicts/gift": round(seen.conflicts / waits.length),
    "write units/gift": round(seen.writeUnits / waits.length),
    "read units/gift": round(seen.readUnits / waits.length),
    "settled after the last, s": round(lag / 1000),
  };
}

/** Simulates the stream's consumer: gifts that arrive meanwhile form the next batch, up to 100. */
async function settleAll({ stream }: Fixture, queue: string[], isSending: () => boolean) {
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

/** The image of a gift. It is free in a stream record, so its reads are not counted. */
async function imageOf(id: string) {
  const { gift } = await uncounted(() => getGift(id));
  return gift;
}

let seen: Seen;
async function uncounted<T>(read: () => Promise<T>): Promise<T> {
  const result = await read();
  // Finding a gift takes two reads of one unit each: its location and the gift itself.
  seen.readUnits -= 2;
  return result;
}

/** Units of one gift: in a quiet room, and when twenty gifts by ten senders are settled at once. */
async function units(name: string, batch: number) {
  const fixture = await prepare(name);
  const first = await asOvation(fixture, fixture.senders[0]!);
  await settle(fixture.stream.hostId, [await imageOf(first)], new Date());
  Object.assign(seen, { writeUnits: 0, readUnits: 0 });
  const ids: string[] = [];
  for (let n = 0; n < batch; n++) ids.push(await asOvation(fixture, fixture.senders[n % 10]!));
  const images = await Promise.all(ids.map(imageOf));
  await settle(fixture.stream.hostId, images, new Date());
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
  print("Request units of a gift with a key, settling included", [
    await units("quiet", 1),
    await units("twenty-at-once", 20),
  ]);
} finally {
  await engine.stop();
}
