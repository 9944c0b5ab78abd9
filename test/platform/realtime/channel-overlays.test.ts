/** Overlays of a channel, which follow their host from stream to stream. */
import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { overlayHolder } from "../../../domain/id.ts";
import { profileOf, summaryOf } from "../../../domain/people/user.ts";
import { moveOverlays, queueChannelMoves } from "../../../platform/realtime/channel-overlays.ts";
import {
  connectionExpiry,
  findConnection,
  putConnection,
  putSocket,
} from "../../../platform/store/log/connections.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { listOverlayKeys, recordOverlayKey } from "../../../platform/store/streams/overlay-keys.ts";
import { recordStream } from "../../../platform/store/streams/stream-changes.ts";
import { key } from "../../../platform/table/keys.ts";
import { meterTable } from "../call-meter.ts";
import { intercept } from "../intercept.ts";
import { liveStreamOf } from "../live-stream.ts";
import { posterWith } from "../push/posters.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import { forget, hostThousand, makeUser, someone } from "../wallet-people.ts";

useOwnTable();
const queue = useQueue("MOMENTS_QUEUE_URL");

const now = new Date();
let made = 0;

/** A host with a live stream, and an overlay of the channel that has connected. */
async function openOverlay() {
  const hostId = await makeUser(someone("host"));
  const host = summaryOf(profileOf(hostId, {}, now), "https://cdn.example.com/p.png");
  const goLive = async (secondsLater = 0) => {
    const startedAt = new Date(now.getTime() + 1000 * secondsLater).toISOString();
    const stream = liveStreamOf(host, { startedAt });
    await recordStream(stream);
    return stream.id;
  };
  const first = await goLive();
  const id = (++made).toString(16).padStart(24, "c");
  const place = { channelOf: hostId };
  const about = { ...place, description: null, createdBy: hostId, hash: "h" };
  await recordOverlayKey(place, { id, ...about, createdAt: now.toISOString() }, forget(undefined));
  const connectionId = `overlay-${made}`;
  const userId = overlayHolder(id);
  const connectedAt = now.getTime() - 60_000;
  const times = { connectedAt, expiresAt: connectionExpiry(connectedAt) };
  await putSocket(userId, { connectionId, ...times });
  const channel = { of: hostId };
  await putConnection({ connectionId, userId, tokenExpiresAt: 2e9, channel, ...times });
  const told: (string | null)[] = [];
  /** Called for each message to the overlay. */
  const overlay = { hear: async () => {} };
  const poster = posterWith({
    async post(_, payload) {
      told.push(JSON.parse(payload.bytes.toString()).streamId);
      await overlay.hear();
      return "sent";
    },
  });
  return {
    hostId,
    connectionId,
    first,
    goLive,
    told,
    overlay,
    move: (only?: string) => moveOverlays(poster, { moveOf: hostId, connectionId: only }, now),
    async watched() {
      const { streams = new Set() } = (await findConnection(connectionId))!;
      const found = [...streams].map((streamId) => findSubscriber(streamId, connectionId));
      expect(await Promise.all(found)).not.toContain(undefined);
      return [...streams];
    },
    isSubscribed: async (streamId: string) =>
      (await findSubscriber(streamId, connectionId)) !== undefined,
  };
}

test("an overlay gets its host's stream once, however often that is queued", async () => {
  const { first, move, told, watched } = await openOverlay();
  await move();
  await move();
  expect(told).toEqual([first]);
  expect(await watched()).toEqual([first]);
});

test("an overlay leaves a stream that goes on for its host's newer one", async () => {
  const { first, goLive, move, told, watched, isSubscribed } = await openOverlay();
  await move();
  const second = await goLive(1);
  await move();
  expect(told).toEqual([first, second]);
  expect(await watched()).toEqual([second]);
  expect(await isSubscribed(first)).toBe(false);
});

test("an overlay gets its host's newer stream, wherever the move before failed", async () => {
  for (let last = 1, hasFailed = true; hasFailed; last++) {
    const { first, goLive, move, told, watched } = await openOverlay();
    await move();
    const second = await goLive(1);
    let requests = 0;
    const restore = intercept((_, next) =>
      ++requests === last ? Promise.reject(new Error("The table did not answer")) : next(),
    );
    await move()
      .catch(() => undefined)
      .finally(restore);
    hasFailed = requests >= last;
    await move();
    expect(await watched()).toEqual([second]);
    expect([first, second]).toEqual([...new Set(told)]);
  }
});

test("an overlay gets the newest stream, even if that begins while it gets another one", async () => {
  const { first, goLive, move, told, overlay, watched } = await openOverlay();
  let second = "";
  overlay.hear = async () => {
    if (second === "") second = await goLive(1);
  };
  await move();
  expect(told).toEqual([first, second]);
  expect(await watched()).toEqual([second]);
});

test("an overlay that connects costs few reads, also if its host has had a thousand streams", async () => {
  const { hostId, connectionId, move } = await openOverlay();
  await hostThousand(hostId, now);
  const spent = await meterTable()(() => move(connectionId));
  expect(spent.read).toBeLessThanOrEqual(20);
});

test("the keys of a channel are listed newest first, behind the last one of a page", async () => {
  const place = { channelOf: await makeUser(someone("host")) };
  const ids = [1, 2, 3].map((n) => String(n).padStart(24, "d"));
  for (const id of ids) {
    const about = { ...place, description: null, createdBy: place.channelOf, hash: "h" };
    await recordOverlayKey(
      place,
      { id, ...about, createdAt: now.toISOString() },
      forget(undefined),
    );
  }
  const page = async (after?: string) =>
    (await listOverlayKeys(place, 2, after)).map(({ id }) => id);
  expect(await page()).toEqual([ids[2], ids[1]]);
  expect(await page(ids[1])).toEqual([ids[0]]);
});

test("overlays are moved when a stream goes live or ends, and by no other change of it", async () => {
  const record = (is: string, was?: string) => {
    const image = (status: string) =>
      marshall({ ...key.stream("a".repeat(24)), hostId: `${was} to ${is}`, status });
    const images = { NewImage: image(is), ...(was !== undefined && { OldImage: image(was) }) };
    return { dynamodb: images } as DynamoDBRecord;
  };
  const records = [
    ...[record("active"), record("active", "scheduled"), record("ended", "active")],
    ...[record("active", "active"), record("scheduled"), record("cancelled", "scheduled")],
  ];
  await queueChannelMoves(records, now);
  const moves = queue.take().map(({ body }) => JSON.parse(body).moveOf);
  expect(moves).toEqual(["undefined to active", "scheduled to active", "active to ended"]);
});
