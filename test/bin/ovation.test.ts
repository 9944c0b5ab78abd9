import { expect, test } from "@jest/globals";
import { newLog } from "../../platform/store/log/logs.ts";
import { callsOf } from "../local/audience.ts";
import { objectsOf, useCommandLine } from "./command-line.ts";

const { system, run, listen } = useCommandLine();

test("token prints a token that works, and nothing else", async () => {
  const { code, stdout, stderr } = await run(["token"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const headers = { authorization: `Bearer ${stdout.trim()}` };
  const answer = await fetch(`${system().url}/api/v1/users/me`, { headers });
  expect(await answer.json()).toMatchObject({ data: { _id: "64d15f9e2e6c8f4d5a123456" } });
  const other = await run(["token", "some_body", system().url], { PORT: "1" });
  const [, claims = ""] = other.stdout.split(".");
  expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
    sub: "some_body",
  });
});

test("trigger sends as many events as requested, and listen prints each once", async () => {
  // A stream of its own: in the demo's a combo of other tests may end meanwhile.
  const calls = callsOf(system().url);
  const stream = ["--stream", await calls.liveStream(await calls.person("trigger-host"))];
  const listener = await listen("--json", "--count", "4", ...stream);
  // Before the gifts, whose combo ends five seconds later.
  const chat = await run(["trigger", "chat", "--as", "ann", "--content", "Hey", ...stream]);
  expect(objectsOf(chat.stdout)).toEqual([expect.objectContaining({ content: "Hey" })]);
  const gifts = await run(["trigger", "gift", "--count", "3", ...stream]);
  expect(gifts.code).toBe(0);
  expect(gifts.stderr).toMatch(new RegExp(`^Sent 3 × gift to ${stream[1]} in [\\d.]+ s\\.\n$`));
  const ids = objectsOf(gifts.stdout).map(({ id }) => id);
  expect(new Set(ids).size).toBe(3);
  expect(await listener.ended).toBe(0);
  const heard = objectsOf(listener.stdout());
  expect(heard.map(({ type }) => type)).toEqual([
    "chat.message",
    ...["gift.sent", "gift.sent", "gift.sent"],
  ]);
  expect(heard.map(({ data }) => (data as { id?: string }).id).slice(1)).toEqual(ids);

  // The same from the first event's position, without a live event.
  const { epoch, frame } = heard[0] as { epoch: string; frame: number };
  const since = ["--since", `${epoch}:${frame - 1}`];
  const again = await run(["listen", "--json", "--count", "4", ...stream, ...since]);
  expect(again.code).toBe(0);
  expect(objectsOf(again.stdout)).toEqual(heard);
});

test("a position never begins with a hyphen, as an option does", () => {
  const epochs = Array.from({ length: 2_000 }, () => newLog().epoch);
  expect(epochs.filter((epoch) => epoch.startsWith("-"))).toEqual([]);
});

test("listen prints a line per event, and a signal ends it with 0", async () => {
  // The gifts of other tests may end a combo meanwhile.
  const listener = await listen("--type", "chat.message");
  await run(["trigger", "chat", "--content", "two\nlines"]);
  while (!listener.stdout().includes("\n")) await new Promise((done) => setTimeout(done, 20));
  expect(listener.stdout()).toMatch(/^\d\d:\d\d:\d\d chat\.message johndoe two lines\n$/);
  listener.child.kill("SIGINT");
  expect(await listener.ended).toBe(0);
});

test("a poll, a goal and a train are sent as the host by default", async () => {
  for (const kind of ["poll", "goal"]) {
    const { code, stdout } = await run(["trigger", kind, "--content", "Encore?"]);
    expect({ code, made: JSON.parse(stdout) }).toMatchObject({ code: 0, made: { kind } });
  }
  const { code, stderr } = await run(["trigger", "poll", "--as", "johndoe"]);
  expect(code).toBe(1);
  expect(stderr).toContain("Only the host");
});

test("refusals are printed on stderr, with exit code 1", async () => {
  const unknown = ["--stream", "64d15f9e2e6c8f4d5a12300f"];
  for (const given of [
    ["trigger", "chat", ...unknown],
    ["trigger", "train", "--as", "host", ...unknown],
    ["listen", ...unknown],
  ]) {
    const { code, stdout, stderr } = await run(given);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^404 .*There is no stream 64d15f9e2e6c8f4d5a12300f\n$/);
  }
});
