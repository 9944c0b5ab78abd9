import recorded from "../../docs/units.json" with { type: "json" };
import {
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  topUp,
} from "../api/people.ts";
import { picture } from "../api/picture-files.ts";
import { createWebhooks, startReceiver } from "../api/receiver.ts";
import { type Viewer, watch } from "../api/viewer.ts";
import { print, round } from "./figures.ts";
import { batchesOf, measure, quiet, unitsOf } from "./unit-meter.ts";

type Units = { read: number; write: number };
const textOf = ({ read, write }: Units) => `${write} write, ${read} read`;

type Row = (operation: string, target: string, units: object) => void;

/** Units to store a picture and to serve it. The bucket's cost is not included. */
async function measurePictures(row: Row): Promise<void> {
  const as = await person();
  const bytes = picture("image/png");
  const send = async () => {
    const raw = new FormData();
    raw.set("photo", new Blob([bytes], { type: "image/png" }), "photo.png");
    return call("POST /api/v1/users/me/photo", { as, raw });
  };
  await send();
  row("photo of a user, replacing another", "6 write, 3 read", await measure(1, send));
  const url: string = (await send()).body.data.profilePhoto.url;
  row("picture, shown", "1.5 read", await measure(1, () => fetch(url)));
}

/** Units that the delivery function takes for chat messages to one webhook. */
async function measureDeliveries(row: Row, count: number, say: () => Promise<unknown>) {
  const inbox = await startReceiver();
  const hooks = createWebhooks();
  try {
    await hooks.make(inbox.url, ["chat.message"]);
    const before = unitsOf(await quiet(), "webhooks-deliver");
    await times(count, say);
    await eventually(
      async () => inbox.received.length,
      (come) => come === count,
    );
    const after = unitsOf(await quiet(), "webhooks-deliver");
    row(`delivery to a webhook, ${count} at once`, "2 write, 3 read", {
      write: round((after.writeUnits - before.writeUnits) / count),
      read: round((after.readUnits - before.readUnits) / count),
    });
  } finally {
    await hooks.removeAll();
    await inbox.stop();
  }
}

const times = <T>(count: number, act: (at: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, at) => act(at)));

/** A room with users who have called before, so that no first call is measured. */
async function prepareRoom() {
  const [{ id, host }, as, giftTypeId] = await Promise.all([liveStream(), person(), giftType(10)]);
  const senders = await times(20, () => person());
  await Promise.all([...senders, as].map((one) => topUp(one, 1_000_000)));
  const say = (key?: string, streamId = id) =>
    call(`POST /api/v1/live-stream/${streamId}/chat/messages`, {
      as,
      ...(key && { key }),
      body: { content: "Herkese selam! Yayın çok güzel." },
    });
  const gift = (sender: Person, liveStreamId = id) =>
    call("POST /api/v1/gifts/create", {
      as: sender,
      key: freshId(),
      body: { giftTypeId, liveStreamId },
    });
  const giveAll = (streamId?: string) => times(20, (at) => gift(senders[at]!, streamId));
  await gift(as);
  await giveAll();
  for (let n = 0; n < 60; n++) await say();
  return { id, host, as, say, gift, giveAll };
}

type Room = Awaited<ReturnType<typeof prepareRoom>>;

async function measureChat(row: Row, { say }: Room): Promise<void> {
  const refused = () => say(undefined, freshId());
  row(
    "chat message, alone, without a key",
    textOf(recorded["chat message"]),
    await measure(1, () => say(), refused),
  );
  row(
    "chat message, alone, with a key",
    textOf(recorded["chat message with a key"]),
    await measure(1, () => say(freshId()), refused),
  );
  row(
    "chat message, twenty at once, without a key",
    textOf(recorded["chat message"]),
    await measure(
      20,
      () => times(20, () => say()),
      () => times(20, refused),
    ),
  );
}

async function measureGifts(row: Row, { as, gift, giveAll }: Room): Promise<void> {
  row(
    "gift in a quiet room, with a key",
    textOf(gifts(1, 1)),
    await measure(
      1,
      () => gift(as),
      () => gift(as, freshId()),
    ),
  );
  const before = batchesOf(await quiet());
  const units = await measure(20, giveAll, () => giveAll(freshId()));
  const batches = batchesOf(await quiet()) - before;
  row(
    `gift, twenty senders at once, with a key, in ${batches} batches`,
    textOf(gifts(20, batches)),
    units,
  );
}

/**
 * The maximum units of a gift when `people` senders' gifts are settled in `batches`: the gifts of a
 * batch share the host's wallet, the totals and, in groups of eight, the ledger entries.
 */
function gifts(people: number, batches: number): Units {
  const call = recorded["gift with a key"];
  const alone = recorded["settling a gift"];
  const ownWrites = alone.write - 6;
  const shared = 4 * batches + 2 * (batches + Math.floor(people / 8));
  return {
    write: call.write + ownWrites + shared / people,
    read: call.read + (batches * alone.read) / people,
  };
}

async function measureReads(row: Row, { id, as }: Room): Promise<void> {
  for (const page of [1, 2]) {
    const read = () =>
      call(`GET /api/v1/live-stream/${id}/chat/messages?page=${page}&limit=30`, { as });
    const known = recorded[`page ${page} of the history` as "page 1 of the history"];
    row(`history, page ${page} of 30`, textOf(known), await measure(1, read, read));
  }
  let watching: Viewer | undefined;
  row(
    "connect and subscribe",
    textOf(recorded.subscribe),
    await measure(1, async () => {
      watching = await watch(as, id);
    }),
  );
  watching?.close();
}

/** The first call of a user with a username and a name, which are indexed for search. */
async function measureFirstCall(row: Row, { as }: Room): Promise<void> {
  const claims = { preferred_username: `u${freshId()}`, given_name: "Ayşe Nur" };
  const newUser = await person({ claims });
  const look = (one: Person) => () => call("GET /api/v1/wallet", { as: one });
  row("first call of a new user", "12 write", await measure(1, look(newUser), look(as)));
}

/** Request units of each operation in a running system, next to the recorded or expected ones. */
export async function benchUnits(): Promise<void> {
  const rows: Record<string, unknown>[] = [];
  const row: Row = (operation, target, units) => {
    rows.push({ operation, ...units, target });
  };
  const room = await prepareRoom();
  await measureChat(row, room);
  await measureGifts(row, room);
  await measureReads(row, room);
  await measureFirstCall(row, room);
  await measurePictures(row);
  for (const count of [20, 1]) await measureDeliveries(row, count, () => room.say());
  await eventually(
    () => call("GET /api/v1/wallet", { as: room.host }),
    ({ body }) => body.data.pending === 0,
  );
  print("Request units of each call: handler and settle, then authorizer and frames", rows);
}
