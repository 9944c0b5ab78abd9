import { createServer, type RequestListener } from "node:http";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { changedProfile, type ProfileChange } from "../../domain/people/profile-change.ts";
import { pictureBytesMax } from "../../domain/picture.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler } from "../../functions/streams/pictures/fetch.ts";
import { listen } from "../../local/reachable.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { findPicture } from "../../platform/pictures/pictures.ts";
import { queuePictures } from "../../platform/pictures/remote.ts";
import { changeProfile, recordNewUser } from "../../platform/store/people/profile-changes.ts";
import { findProfile } from "../../platform/store/people/users.ts";
import { showStream } from "../../platform/store/streams/display-names.ts";
import { changeStream, recordStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { type Key, key } from "../../platform/table/keys.ts";
import { countUse } from "../../platform/table/rates.ts";
import { picture, png } from "../api/picture-files.ts";
import { useBucket } from "./bucket-double.ts";
import { liveStreamOf } from "./live-stream.ts";
import { useQueue } from "./queue-double.ts";
import { settings, useOwnTable } from "./table.ts";
import { someone } from "./wallet-people.ts";

/*
 * Pictures of other hosts: what asks for them, what is fetched, and what becomes of it. The runner
 * may fetch from its own machine, where these tests have their host.
 */

// Four fetches of one user, and two pictures of the smallest size that counts.
const rates = { fetches: [0.001, 4], uploads: [0.001, 200] };
useOwnTable({ LOCAL: "on", RATES: JSON.stringify(rates) });
const { stored } = useBucket();

const queue = useQueue("FETCHES_QUEUE_URL");
let base: string;
let asked: string[] = [];
let answer: RequestListener;
const host = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  answer(request, response);
});
const good = picture("image/png");

beforeAll(async () => {
  base = `http://127.0.0.1:${await listen(host)}`;
});
beforeEach(() => {
  asked = [];
  queue.take();
  answer = (_, response) => response.end(good);
});
afterAll(async () => {
  host.closeAllConnections();
  await new Promise((done) => host.close(done));
});

const change = (userId: string, body: ProfileChange) =>
  changeProfile(
    { userId, claims: {} },
    (profile) => changedProfile(profile, body, new Date(), { namesPerDay: 5, reserved: [] }),
    new Date(),
  );

/** A known user who names a picture of another host. */
async function userWith(profilePhoto: string): Promise<string> {
  const userId = someone("pictured");
  await recordNewUser(userId, {}, new Date());
  await change(userId, { profilePhoto });
  return userId;
}

/** What the table's stream tells of an item, of which `old` was otherwise. */
async function recordOf(place: Key, old?: object): Promise<DynamoDBRecord> {
  const image = await getRawItem(place, { consistent: true });
  const options = { removeUndefinedValues: true };
  return {
    eventName: old ? "MODIFY" : "INSERT",
    dynamodb: {
      NewImage: marshall(image, options),
      ...(old && { OldImage: marshall({ ...image, ...old }, options) }),
    },
  } as unknown as DynamoDBRecord;
}

/** Asks for the picture of a user, as the reader of the stream does. */
const ask = async (userId: string) => queuePictures([await recordOf(key.profile(userId))]);

/** Hands what the queue has to its reader, as often as it comes. */
async function deliver(records = queue.take()) {
  const { batchItemFailures } = await handler({ Records: records });
  expect(batchItemFailures).toEqual([]);
  return records;
}

const stateOf = async (userId: string) => {
  const { picture, pictureId, pictureFrom } = (await findProfile(userId, { consistent: true }))!;
  return { picture, pictureId, pictureFrom };
};

test("a picture is fetched once, kept in all sizes, and shown in place of its address", async () => {
  const url = `${base}/ann.png`;
  const userId = await userWith(url);
  expect(await stateOf(userId)).toEqual({ picture: url });
  const { updatedAt } = (await findProfile(userId, { consistent: true }))!;
  await ask(userId);
  const records = await deliver();
  const { picture: shown, pictureId, pictureFrom } = await stateOf(userId);
  expect(shown).toBe(`https://x.example.com/pictures/${pictureId}`);
  expect(pictureFrom).toBe(url);
  // A change made for the revision before it is refused.
  expect((await findProfile(userId, { consistent: true }))!.updatedAt > updatedAt).toBe(true);
  expect(Buffer.from((await findPicture(pictureId!))!.bytes)).toEqual(Buffer.from(good));
  expect((await findPicture(`${pictureId}-40`))!.mediaType).toBe("image/jpeg");
  const before = stored();
  await deliver(records);
  expect(asked).toEqual(["GET /ann.png"]);
  expect(stored()).toEqual(before);
  expect((await stateOf(userId)).picture).toBe(shown);
  // The same address again is the picture that is here.
  const { was, profile } = await change(userId, { profilePhoto: url, bio: "Hello" });
  expect(profile.pictureId).toBe(was.pictureId);
  await queuePictures([await recordOf(key.profile(userId), { bio: "" })]);
  expect(queue.take()).toEqual([]);
});

test("a picture is requested when its address is written, and not by other changes", async () => {
  const userId = await userWith(`${base}/a.png`);
  const place = key.profile(userId);
  await queuePictures([await recordOf(place, { bio: "before" })]);
  expect(queue.take()).toEqual([]);
  await queuePictures([await recordOf(place, { picture: `${base}/b.png` })]);
  expect(queue.take()).toHaveLength(1);
  await change(userId, { profilePhoto: null });
  await queuePictures([await recordOf(place, { picture: `${base}/a.png` })]);
  expect(queue.take()).toEqual([]);
});

test.each<[string, RequestListener]>([
  ["is no picture", (_, response) => response.end("<svg/>")],
  ["cannot be decoded", (_, response) => response.end(good.slice(0, 60))],
  ["has too many pixels", (_, response) => response.end(png(8_000, 8_000, { lines: 1 }))],
  ["is too large", (_, response) => response.end(picture("image/png", pictureBytesMax + 1))],
  ["is missing", (_, response) => response.writeHead(404).end(good)],
  [
    "is elsewhere",
    (request, response) => {
      if (request.url === "/next") return void response.end(good);
      response.writeHead(302, { location: "/next" }).end();
    },
  ],
  [
    "leads inside",
    (_, response) =>
      response.writeHead(307, { location: "http://169.254.169.254/latest/meta-data" }).end(),
  ],
])("a picture that %s is given up at once", async (_, listener) => {
  answer = listener;
  const userId = await userWith(`${base}/bad`);
  const before = stored();
  await ask(userId);
  await deliver();
  expect(asked).toEqual(["GET /bad"]);
  expect(queue.take()).toEqual([]);
  expect(stored()).toEqual(before);
  expect(await stateOf(userId)).toEqual({ picture: `${base}/bad` });
});

test.each([
  "https://10.0.0.1/a.png",
  "https://[::1]/a.png",
  "https://localhost/a.png",
  "https://cdn.example.com:8443/a.png",
])("%s is not called", async (url) => {
  const userId = await userWith(url);
  await ask(userId);
  await deliver();
  expect(queue.take()).toEqual([]);
  expect(await stateOf(userId)).toEqual({ picture: url });
});

test("a host that fails is asked three times, and then no more", async () => {
  answer = (request, response) => {
    if (asked.length === 2) request.destroy();
    else response.writeHead(503, { connection: "close" }).end();
  };
  const userId = await userWith(`${base}/busy.png`);
  await ask(userId);
  // The second after a minute, the third after a quarter of an hour.
  for (const [tries, delaySeconds] of [0, 60, 900].entries()) {
    const [record] = await deliver();
    expect(record!.delaySeconds).toBe(delaySeconds);
    expect(JSON.parse(record!.body)).toMatchObject({ id: userId, tries });
  }
  expect(asked).toHaveLength(3);
  expect(queue.take()).toEqual([]);
});

test("the messages contain no address, and each is only for the address that it was sent for", async () => {
  answer = (_, response) => response.writeHead(503).end();
  const userId = await userWith(`${base}/first.png?key=secret`);
  await ask(userId);
  const [first] = await deliver();
  const [again] = queue.take();
  for (const { body } of [first!, again!]) expect(body).not.toMatch(/secret|127\.0\.0\.1/);
  answer = (_, response) => response.end(good);
  await change(userId, { profilePhoto: `${base}/second.png` });
  await deliver([again!]);
  expect(asked).toEqual(["GET /first.png?key=secret"]);
  await ask(userId);
  await deliver();
  expect((await stateOf(userId)).pictureFrom).toBe(`${base}/second.png`);
});

test("a message that an earlier version sent, which contains the address, is still fetched", async () => {
  const url = `${base}/earlier.png`;
  const userId = await userWith(url);
  await ask(userId);
  const [record] = queue.take();
  const body = JSON.stringify({ kind: "profile", id: userId, url, tries: 1 });
  await deliver([{ ...record!, body }]);
  expect((await stateOf(userId)).pictureFrom).toBe(url);
});

test.each([408, 425, 429, 500])("a host that answers %i is asked again", async (status) => {
  answer = (_, response) => response.writeHead(status).end();
  const userId = await userWith(`${base}/later.png`);
  await ask(userId);
  await deliver();
  answer = (_, response) => response.end(good);
  await deliver();
  expect((await stateOf(userId)).pictureFrom).toBe(`${base}/later.png`);
});

test("a change or deletion during the fetch is kept", async () => {
  const [changed, gone] = [await userWith(`${base}/old.png`), await userWith(`${base}/gone.png`)];
  answer = async (request, response) => {
    if (request.url === "/old.png") await change(changed, { profilePhoto: `${base}/new.png` });
    else await removeUser({ userId: gone, isForfeit: false, now: new Date() });
    response.end(good);
  };
  for (const userId of [changed, gone]) {
    await ask(userId);
    await deliver();
  }
  expect(await stateOf(changed)).toEqual({ picture: `${base}/new.png` });
  expect(await findProfile(gone, { consistent: true })).toBeUndefined();
  expect(asked).toHaveLength(2);
});

test("a picture is deleted with its user", async () => {
  const userId = await userWith(`${base}/mine.png`);
  await ask(userId);
  await deliver();
  const { pictureId } = await stateOf(userId);
  expect(await findPicture(pictureId!)).toBeDefined();
  await removeUser({ userId, isForfeit: false, now: new Date() });
  expect(await findPicture(pictureId!)).toBeUndefined();
});

test("a failed fetch does not count against the user's uploads", async () => {
  const userId = await userWith(`${base}/0`);
  for (const [n, status] of [404, 200, 200].entries()) {
    answer = (_, response) => response.writeHead(status).end(good);
    await change(userId, { profilePhoto: `${base}/${n}` });
    await ask(userId);
    await deliver();
    expect((await stateOf(userId)).pictureFrom).toBe(status === 200 ? `${base}/${n}` : undefined);
  }
  await expect(countUse("uploads", userId, new Date(), 100)).rejects.toThrow();
});

test("the pictures that are kept for one user a day are bounded by their kilobytes", async () => {
  const userId = await userWith(`${base}/0`);
  for (let n = 0; n < 3; n++) {
    await change(userId, { profilePhoto: `${base}/${n}` });
    await ask(userId);
    await deliver();
  }
  expect((await stateOf(userId)).picture).toBe(`${base}/2`);
});

test("the pictures that are fetched for one user a day are bounded, whatever they are", async () => {
  answer = (_, response) => response.writeHead(404).end();
  const userId = await userWith(`${base}/0`);
  for (let n = 1; n < 6; n++) {
    await ask(userId);
    await deliver();
    await change(userId, { profilePhoto: `${base}/${n}` });
  }
  expect(asked).toEqual(["GET /0", "GET /1", "GET /2", "GET /3"]);
});

describe("a stream's thumbnail", () => {
  const defaultThumbnail = settings.DEFAULT_THUMBNAIL;
  const photo = { url: defaultThumbnail, type: "image", variants: { 40: "", 76: "" } } as const;
  const at = new Date().toISOString();

  async function streamWith(changes: Partial<Stream>): Promise<Stream> {
    const names = { username: "", name: "", surname: "", availabilityStatus: "available" as const };
    const profilePhoto = { ...photo, _id: "0".repeat(24), createdAt: at, updatedAt: at };
    const stream = liveStreamOf({ _id: someone("host"), ...names, profilePhoto }, changes);
    await recordStream(stream);
    return stream;
  }
  const askFor = async (id: string, old?: object) =>
    queuePictures([await recordOf(key.stream(id), old)]);

  test("is shown from its host until a copy is here, and a room's CoverURL stays as it was set", async () => {
    const url = `${base}/thumb.png`;
    const room = { CoverURL: url };
    const { id } = await streamWith({ thumbnailUrl: url, roomId: "room-1", room });
    const read = () => getStream(id, { consistent: true });
    expect((await showStream(await read())).thumbnailUrl).toBe(url);
    await askFor(id);
    await deliver();
    const first = await read();
    expect(first.thumbnailUrl).toBe(`https://x.example.com/pictures/${first.pictureId}`);
    expect((await showStream(first)).thumbnailUrl).toBe(first.thumbnailUrl);
    // The back end names another one, which takes its place.
    const other = { thumbnailUrl: `${base}/other.png`, room: { CoverURL: `${base}/other.png` } };
    await changeStream(first, () => other, new Date());
    expect((await showStream(await read())).thumbnailUrl).toBe(other.thumbnailUrl);
    await askFor(id, { thumbnailUrl: first.thumbnailUrl });
    await deliver();
    const second = await read();
    expect(second.room).toMatchObject({ CoverURL: `${base}/other.png` });
    expect(asked).toEqual(["GET /thumb.png", "GET /other.png"]);
    expect(await findPicture(first.pictureId!)).toBeUndefined();
    expect(await findPicture(second.pictureId!)).toBeDefined();
  });

  test("is fetched as often as one host may name one, and always for a back end's room", async () => {
    answer = (_, response) => response.writeHead(404).end();
    for (const roomId of [null, "room-2"]) {
      asked = [];
      const hostId = someone("many");
      for (let n = 0; n < 5; n++) {
        const { id } = await streamWith({ roomId, hostId, thumbnailUrl: `${base}/${n}.png` });
        await askFor(id);
        await deliver();
      }
      expect([roomId, asked.length]).toEqual([roomId, roomId === null ? 4 : 5]);
    }
  });

  test("is requested once, and not if it is the default or the stream is deleted", async () => {
    const { id } = await streamWith({ thumbnailUrl: `${base}/t.png` });
    await askFor(id, { title: "Before" });
    expect(queue.take()).toEqual([]);
    await askFor(id);
    expect(queue.take()).toHaveLength(1);
    const plain = await streamWith({});
    await askFor(plain.id);
    const gone = await streamWith({ thumbnailUrl: `${base}/t.png`, deletedAt: at });
    await askFor(gone.id);
    expect(queue.take()).toEqual([]);
  });
});
