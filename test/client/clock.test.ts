import { jest } from "@jest/globals";
import { createClock } from "../../client/clock.ts";

const hour = 3_600_000;
/** The real time in milliseconds, this machine's error, and how long the machine slept. */
const began = Date.parse("2026-01-01");
let [time, error, slept] = [began, 0, 0];

beforeEach(() => {
  [time, error, slept] = [began + 5_000, 0, 0];
  jest.spyOn(Date, "now").mockImplementation(() => time + error);
  jest.spyOn(performance, "now").mockImplementation(() => time - began - slept);
});
afterEach(() => jest.restoreAllMocks());

/** What the server sent this long ago. */
const sent = (milliseconds: number) => new Date(time - milliseconds).toISOString();
const lateness = (clock: ReturnType<typeof createClock>) => time - clock.now();

test.each([
  ["an hour slow", -hour],
  ["an hour fast", hour],
])("on a machine that is %s, the server's time is that of the latest event", (_, wrong) => {
  error = wrong;
  const clock = createClock();
  for (const late of [hour, 200, 900]) clock.note(sent(late));
  expect(lateness(clock)).toBe(200);
  time += hour;
  expect(lateness(clock)).toBe(200);
});

test.each([
  ["slow", -hour],
  ["fast", hour],
  ["in 1970", -began],
])("the server's time is right after a clock that was %s has been set", (_, wrong) => {
  error = wrong;
  const clock = createClock();
  clock.note(sent(100));
  error = 0;
  clock.note(sent(300));
  expect(Math.abs(lateness(clock))).toBeLessThanOrEqual(300);
});

test.each([
  ["right", 0],
  ["slow", -hour],
  ["fast", hour],
])("it stays right when a machine whose clock is %s wakes up", (_, wrong) => {
  error = wrong;
  const clock = createClock();
  clock.note(sent(100));
  [time, slept] = [time + 2 * hour, 2 * hour];
  for (const missed of [hour, 200]) clock.note(sent(missed));
  expect(lateness(clock)).toBeLessThanOrEqual(200);
  expect(lateness(clock)).toBeGreaterThanOrEqual(0);
});

test("before the first event, and after an invalid time, it is this machine's time", () => {
  const clock = createClock();
  for (const at of [undefined, null, "soon"]) clock.note(at);
  expect(lateness(clock)).toBe(0);
});
