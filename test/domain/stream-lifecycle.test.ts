import { describe, expect, test } from "@jest/globals";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { Refusal } from "../../domain/refusal.ts";
import { changedChannel, changesFromChannel, newChannel } from "../../domain/streams/channel.ts";
import { channelNameOf, makeStream, NewStream } from "../../domain/streams/new-stream.ts";
import { type Stream, StreamStatus } from "../../domain/streams/stream.ts";
import {
  assertMayHost,
  assertMayModerate,
  cancelAsGuest,
  cancelStream,
  deleteStream,
  endStream,
  isWithin,
  startStream,
} from "../../domain/streams/stream-lifecycle.ts";

const now = new Date("2026-01-15T10:30:00.000Z");
const picture = "https://cdn.example.com/person.png";
const host = summaryOf(profileOf("host", {}, now), picture);
const id = "64d15f9e2e6c8f4d5a123000";
const made = (wish: unknown) =>
  makeStream(NewStream.parse(wish), { id, host, defaultThumbnail: picture, now });
const stream = (changes: Partial<Stream> = {}): Stream => ({
  ...made({ title: "Live" }),
  ...changes,
});

function codeOf(decide: () => unknown): string {
  try {
    decide();
  } catch (error) {
    return error instanceof Refusal ? error.code : String(error);
  }
  return "allowed";
}

describe("the status of a stream", () => {
  const before = new Set<StreamStatus>(["preparing", "scheduled"]);
  test.each(StreamStatus.options)("leads from %s only to permitted statuses", (status) => {
    const at = stream({ status });
    const isBefore = before.has(status);
    const isLive = status === "active";
    const verdict = (isAllowed: boolean, code: string) => (isAllowed ? "allowed" : code);
    expect(codeOf(() => startStream(at, host, now))).toBe(
      verdict(isBefore || isLive, "stream_not_startable"),
    );
    expect(codeOf(() => endStream(at, now, "host"))).toBe(verdict(isLive, "stream_not_live"));
    const isPlanned = status === "scheduled";
    expect(codeOf(() => cancelAsGuest(at))).toBe(verdict(isPlanned, "stream_not_cancellable"));
    expect(codeOf(() => cancelStream(at))).toBe(verdict(isBefore, "stream_not_cancellable"));
    expect(codeOf(() => deleteStream(at, now))).toBe(verdict(!isLive, "stream_live"));
  });

  test("is not restarted by a host who reconnects", () => {
    expect(startStream(stream({ status: "active" }), host, now)).toBeUndefined();
    const called = { ...host, name: "New" };
    expect(startStream(stream(), called, now)).toEqual({
      status: "active",
      startedAt: now.toISOString(),
      host: called,
    });
  });
});

describe("permissions", () => {
  const at = stream({ moderators: ["mod"] });
  test.each([
    ["host", [], "allowed", "allowed"],
    ["mod", [], "stream_not_yours", "allowed"],
    ["boss", ["admin"], "allowed", "allowed"],
    ["backend", ["service"], "stream_not_yours", "not_a_moderator"],
    ["viewer", [], "stream_not_yours", "not_a_moderator"],
  ])("%s with roles %j: host %s, moderate %s", (userId, roles, hosting, moderating) => {
    expect(codeOf(() => assertMayHost(at, { userId, roles }))).toBe(hosting);
    expect(codeOf(() => assertMayModerate(at, { userId, roles }))).toBe(moderating);
  });
});

test("a channel's new settings reach its host's streams once, and none that is over", () => {
  const channel = changedChannel(newChannel("host"), { slowModeSeconds: 5 }, now)!;
  const taken = { slowModeSeconds: 5, channelRevision: 1 };
  for (const status of ["preparing", "scheduled", "active"] as const)
    expect(changesFromChannel(channel, stream({ status }))).toEqual(taken);
  for (const status of ["ended", "expired", "cancelled_by_host"] as const)
    expect(changesFromChannel(channel, stream({ status }))).toBeUndefined();
  expect(changesFromChannel(channel, stream({ status: "active", ...taken }))).toBeUndefined();
});

test("an upcoming stream is one planned within the minutes before and after now", () => {
  const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString();
  const isListed = (minutes: number, more: Partial<Stream> = {}) =>
    isWithin(
      stream({ status: "scheduled", plannedStartDate: at(minutes), ...more }),
      { minutesBefore: 30, minutesAfter: 60 },
      now,
    );
  expect([-31, -30, 0, 60, 61].map((minutes) => isListed(minutes))).toEqual([
    ...[false, true, true, true, false],
  ]);
  expect(isListed(0, { status: "active" })).toBe(false);
});

describe("a new stream", () => {
  test("is created as requested, with empty fields treated as absent", () => {
    const form = {
      title: "  Sing with me ",
      guests: ["guest1"],
      price: 25,
      durationGoal: 60,
      motivation: "",
      plannedStartDate: "2026-02-01T20:00:00+03:00",
      thumbnail: { name: "a.png", mediaType: "image/png", bytes: Buffer.from("GIF89a") },
    };
    expect(made(form)).toMatchObject({
      title: "Sing with me",
      status: "scheduled",
      guests: ["guest1"],
      price: 25,
      durationGoal: 60,
      motivation: null,
      plannedStartDate: "2026-02-01T17:00:00.000Z",
      thumbnailUrl: picture,
    });
  });

  test.each([
    [{}],
    [{ title: "" }],
    [{ title: "x".repeat(201) }],
    [{ title: 5 }],
    [{ title: "t", price: 1.5 }],
    [{ title: "t", price: "25" }],
    [{ title: "t", guests: '["guest1"]' }],
    [{ title: "t", price: 1_000_000_001 }],
    [{ title: "t", guests: "[" }],
    [{ title: "t", guests: '{"a":1}' }],
    [{ title: "t", guests: ["with space"] }],
    [{ title: "t", plannedStartDate: "tomorrow" }],
    [{ title: "t", plannedStartDate: "2026-13-01" }],
    [{ title: "t", thumbnail: "http://plain.example.com/a.png" }],
    [{ title: "t", thumbnail: { size: 3 } }],
  ])("is not made from %j", (wish) => {
    expect(NewStream.safeParse(wish).success).toBe(false);
  });

  test.each([
    ["Friday Night!", "friday-night-3000"],
    ["Çok güzel", "cok-guzel-3000"],
    ["直播", "live-3000"],
    ["--", "live-3000"],
    ["x".repeat(100), `${"x".repeat(40)}-3000`],
  ])("called %j has the channel %s", (title, channel) => {
    expect(channelNameOf(title, id)).toBe(channel);
  });
});
