import {
  apiUrl,
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  topUp,
} from "../api/people.ts";
import { createWebhooks, startReceiver } from "../api/receiver.ts";
import { type Viewer, watch } from "../api/viewer.ts";
import { print, round, wait } from "./figures.ts";

type Units = { writeUnits: number; readUnits: number };
type Cost = { units: { write: number; read: number }; byFunction: Record<string, Units> };

/** What making and posting the frames has taken: counted by frame and batch, apart. */
const framesOf = (spent: Cost): Units => unitsOf(spent, "realtime-fan-out");

const cost = async () => (await (await fetch(`${apiUrl()}/local/cost`)).json()) as Cost;

/** Waits until the consumers have done what follows from the calls before. */
async function quiet(): Promise<Cost> {
  for (let before = await cost(); ; ) {
    await wait(1500);
    const after = await cost();
    if (after.units.write === before.units.write) return after;
    before = after;
  }
}

/** Units of everything that `calls` calls cause, for each of them; the frames beside the rest. */
async function measure(calls: number, act: () => Promise<unknown>) {
  const before = await quiet();
  await act();
  const after = await quiet();
  const frames = {
    write: framesOf(after).writeUnits - framesOf(before).writeUnits,
    read: framesOf(after).readUnits - framesOf(before).readUnits,
  };
  const all = {
    write: after.units.write - before.units.write,
    read: after.units.read - before.units.read,
  };
  return {
    write: round((all.write - frames.write) / calls),
    read: round((all.read - frames.read) / calls),
    "frames' write": round(frames.write / calls),
    "frames' read": round(frames.read / calls),
  };
}

/** What one function has taken so far. */
const unitsOf = ({ byFunction }: Cost, name: string): Units =>
  byFunction[`ovation-dev-${name}`] ?? { writeUnits: 0, readUnits: 0 };

type Row = (operation: string, target: string, units: object) => void;

/** A picture is kept and shown. Its bytes lie in the bucket, at a price of their own. */
async function measurePictures(row: Row): Promise<void> {
  const as = await person();
  const bytes = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(1_000)]);
  const send = async () => {
    const raw = new FormData();
    raw.set("photo", new Blob([bytes], { type: "image/png" }), "photo.png");
    return call("POST /api/v1/users/me/photo", { as, raw });
  };
  await send();
  row("photo of a user, in place of another", "6 write, 3 read", await measure(1, send));
  const url: string = (await send()).body.data.profilePhoto.url;
  row("picture, shown", "1.5 read", await measure(1, () => fetch(url)));
}

/** Deliveries of chat messages to one webhook: what their function alone takes. */
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
    row(`delivery to a webhook, of ${count} at once`, "2 write, 3 read", {
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

/** Request units of each operation, beside their targets (upper bounds). */
export async function benchUnits(): Promise<void> {
  const [{ id, host }, as, giftTypeId] = await Promise.all([liveStream(), person(), giftType(10)]);
  const senders = await times(20, () => person());
  await times(20, (at) => topUp(senders[at]!, 1_000_000));
  await topUp(as, 1_000_000);
  const say = (key?: string) =>
    call(`POST /api/v1/live-stream/${id}/chat/messages`, {
      as,
      ...(key && { key }),
      body: { content: "Herkese selam! Yayın çok güzel." },
    });
  const gift = (sender: Person) =>
    call("POST /api/v1/gifts/create", {
      as: sender,
      key: freshId(),
      body: { giftTypeId, liveStreamId: id },
    });
  await say();
  await gift(as);
  for (let n = 0; n < 60; n++) await say();

  const rows: Record<string, unknown>[] = [];
  const row: Row = (operation, target, units) => {
    rows.push({ operation, ...units, target });
  };
  row("chat message, alone, without a key", "3 write, 3.5 read", await measure(1, () => say()));
  row(
    "chat message, alone, with a key",
    "4 write, 4.5 read",
    await measure(1, () => say(freshId())),
  );
  row(
    "chat message, of twenty at once, without a key",
    "3.5 write, 3 read",
    await measure(20, () => times(20, () => say())),
  );
  row("gift in a quiet room, with a key", "20 write, 4.5 read", await measure(1, () => gift(as)));
  row(
    "gift at twenty a batch, with a key",
    "16 write, 4.5 read",
    await measure(20, () => times(20, (at) => gift(senders[at]!))),
  );
  for (const page of [1, 2])
    row(
      `history, page ${page} of 30`,
      "4 read",
      await measure(1, () =>
        call(`GET /api/v1/live-stream/${id}/chat/messages?page=${page}&limit=30`, { as }),
      ),
    );
  let watching: Viewer | undefined;
  row(
    "connect and subscribe",
    "3 write for the subscription",
    await measure(1, async () => {
      watching = await watch(as, id);
    }),
  );
  watching?.close();
  await measurePictures(row);
  for (const count of [20, 1]) await measureDeliveries(row, count, () => say());
  await eventually(
    () => call("GET /api/v1/wallet", { as: host }),
    ({ body }) => body.data.pending === 0,
  );
  print("Request units of each call: handler, authorizer and settle; and of its frames", rows);
}
