import { describe, expect, test } from "@jest/globals";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { Refusal } from "../../domain/refusal.ts";
import { makeBan } from "../../domain/streams/ban.ts";
import { makeStream, NewStream } from "../../domain/streams/new-stream.ts";
import { newId } from "../../platform/runtime/id.ts";
import { liftBan, recordBan } from "../../platform/store/streams/bans.ts";
import { findMember } from "../../platform/store/streams/members.ts";
import { admitMessage } from "../../platform/store/streams/senders.ts";
import { takeNumber } from "../../platform/store/streams/sent-messages.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();

const now = new Date();
const picture = "https://cdn.example.com/person.png";
const host = profileOf("host", { given_name: "Hosty" }, now);
const sender = profileOf("sender", { given_name: "John" }, now);

async function newStream() {
  const given = { id: newId(now), host: summaryOf(host, picture), defaultThumbnail: picture, now };
  const stream = { ...makeStream(NewStream.parse({ title: "Live" }), given) };
  await recordStream(stream);
  return stream;
}

const codeOf = (doing: Promise<unknown>) =>
  doing.then(
    () => "done",
    (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
  );

const rules = { slowModeSeconds: 0, perSecondMax: 100 };
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);

describe("numbers", () => {
  test("are assigned once each, even to concurrent callers", async () => {
    const { id } = await newStream();
    const numbers = await Promise.all(Array.from({ length: 40 }, () => takeNumber(id)));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });
});

describe("admission", () => {
  test("keeps everybody to the exact rate, even concurrently", async () => {
    const { id } = await newStream();
    const limited = { slowModeSeconds: 0, perSecondMax: 5 };
    const tries = Array.from({ length: 12 }, () => codeOf(admitMessage(id, "fast", limited, now)));
    const codes = await Promise.all(tries);
    expect(codes.filter((code) => code === "done")).toHaveLength(5);
    expect(codes.filter((code) => code === "too_many_requests")).toHaveLength(7);
    expect(await codeOf(admitMessage(id, "fast", limited, later(1)))).toBe("done");
    // This process's cache of senders is only a guess, which another table does not match.
    const { id: other } = await newStream();
    await Promise.all([1, 2].map(() => codeOf(admitMessage(other, "new", limited, later(2)))));
    expect((await getRawItem(key.sender(other, "new")))?.sent).toBe(2);
  });

  test("slow mode counts from the last admitted message", async () => {
    const { id } = await newStream();
    const slow = { slowModeSeconds: 10, perSecondMax: 100 };
    expect(await codeOf(admitMessage(id, "slow", slow, now))).toBe("done");
    expect(await codeOf(admitMessage(id, "slow", slow, later(9)))).toBe("slow_mode");
    expect(await codeOf(admitMessage(id, "slow", rules, later(9)))).toBe("done");
    expect(await codeOf(admitMessage(id, "slow", slow, later(18)))).toBe("slow_mode");
    expect(await codeOf(admitMessage(id, "slow", slow, later(19)))).toBe("done");
  });

  test("slow mode lasts no longer if the clock was set back", async () => {
    const { id } = await newStream();
    const slow = { slowModeSeconds: 10, perSecondMax: 100 };
    expect(await codeOf(admitMessage(id, "slow", slow, later(3_600)))).toBe("done");
    expect(await codeOf(admitMessage(id, "slow", slow, later(3_596)))).toBe("slow_mode");
    expect(await codeOf(admitMessage(id, "slow", slow, now))).toBe("done");
    expect(await codeOf(admitMessage(id, "slow", slow, later(9)))).toBe("slow_mode");
  });

  test("slow mode lets a call be repeated, and no other call with it", async () => {
    const { id } = await newStream();
    const slow = { slowModeSeconds: 10, perSecondMax: 100 };
    const call = (callId: string, seconds: number) =>
      codeOf(admitMessage(id, "slow", { ...slow, callId }, later(seconds)));
    expect(await call("a", 0)).toBe("done");
    expect(await Promise.all([call("a", 0), call("a", 1), call("b", 1)])).toEqual([
      ...["done", "done", "slow_mode"],
    ]);
    expect(await codeOf(admitMessage(id, "slow", slow, later(1)))).toBe("slow_mode");
    expect(await call("b", 10)).toBe("done");
    expect(await call("a", 11)).toBe("slow_mode");
  });

  test("a call that slow mode lets repeat counts against the rate, and extends no wait", async () => {
    const { id } = await newStream();
    const slow = { slowModeSeconds: 10, perSecondMax: 5, callId: "a" };
    const tries = Array.from({ length: 200 }, () => codeOf(admitMessage(id, "again", slow, now)));
    const codes = await Promise.all(tries);
    expect(codes.filter((code) => code === "done")).toHaveLength(5);
    expect(codes.filter((code) => code === "too_many_requests")).toHaveLength(195);
    expect(await codeOf(admitMessage(id, "again", slow, later(9)))).toBe("done");
    const next = { ...slow, callId: "b" };
    expect(await codeOf(admitMessage(id, "again", next, later(9)))).toBe("slow_mode");
    expect(await codeOf(admitMessage(id, "again", next, later(10)))).toBe("done");
  });

  test("a ban counts until it is lifted or expires, and there is one at a time", async () => {
    const stream = await newStream();
    const given = { stream, target: sender, by: "host", now };
    const ban = makeBan({ actionType: "CHAT_ONLY" }, { ...given, id: newId(now) });
    await recordBan(stream, ban, now);
    expect(await codeOf(admitMessage(stream.id, "sender", rules, now))).toBe("member_muted");
    const second = makeBan({ actionType: "BLOCK" }, { ...given, id: newId(now) });
    expect(await codeOf(recordBan(stream, second, now))).toBe("ban_exists");
    await liftBan(ban, "host", now);
    expect(await codeOf(admitMessage(stream.id, "sender", rules, now))).toBe("done");
    const endsAt = later(60).toISOString();
    await recordBan(stream, { ...second, endsAt }, now);
    expect(await codeOf(admitMessage(stream.id, "sender", rules, later(59)))).toBe(
      "member_blocked",
    );
    expect(await codeOf(admitMessage(stream.id, "sender", rules, later(60)))).toBe("done");
    const hostBan = { ...second, target: host };
    expect(await codeOf(recordBan(stream, hostBan, now))).toBe("ban_of_host");
  });

  test("one of many concurrent bans takes effect, and revisions only grow", async () => {
    const stream = await newStream();
    const ban = () =>
      makeBan({ actionType: "BLOCK" }, { stream, target: sender, by: "host", now, id: newId(now) });
    const codes = await Promise.all(
      Array.from({ length: 6 }, () => codeOf(recordBan(stream, ban(), now))),
    );
    expect(codes.filter((code) => code === "done")).toHaveLength(1);
    const first = (await findMember(stream.id, "sender"))!;
    const held = makeBan(
      { actionType: "BLOCK" },
      { stream, target: sender, by: "host", now, id: first.ban!.id },
    );
    await liftBan(held, "host", now);
    const after = (await findMember(stream.id, "sender"))!;
    expect(after.ban).toBeUndefined();
    expect(after.revision).toBeGreaterThan(first.revision!);
  });

  test("a ban stays with the sender's item when the table deletes a quiet sender's data", async () => {
    const stream = await newStream();
    const free = { slowModeSeconds: 0, perSecondMax: 5 };
    const findSender = () => getRawItem(key.sender(stream.id, "sender"));
    await admitMessage(stream.id, "sender", free, now);
    expect((await findSender())?.expiresAt).toBeGreaterThan(now.getTime() / 1000 + 24 * 3600);
    const given = { stream, target: sender, by: "host", now, id: newId(now) };
    const ban = makeBan({ actionType: "CHAT_ONLY" }, given);
    await recordBan(stream, ban, now);
    expect(await findSender()).toMatchObject({ ban: { id: ban.id } });
    expect((await findSender())?.expiresAt).toBeUndefined();
    expect(await codeOf(admitMessage(stream.id, "sender", free, later(1)))).toBe("member_muted");
    await liftBan(ban, "host", now);
    expect(await codeOf(admitMessage(stream.id, "sender", free, later(2)))).toBe("done");
  });
});
