import {
  applyDueChange,
  assertMayFund,
  decideFunding,
  dueAt,
  isDeciding,
  proceedsOf,
} from "../../domain/streams/funding.ts";
import { liveStreamOf } from "../../domain/streams/live-stream.ts";
import type { Funding, Stream } from "../../domain/streams/stream.ts";
import { now, stream } from "./frame-samples.ts";

const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
const timeAt = (minutes: number) => at(minutes).toISOString();
const planned = (more: Partial<Stream> = {}): Stream => ({
  ...stream,
  status: "scheduled",
  plannedStartDate: timeAt(0),
  fundingGoal: 100,
  ...more,
});
const refusal = (code: string) => expect.objectContaining({ code });

test("contributions are accepted until an hour after the planned start, except from the host", () => {
  expect(assertMayFund(planned(), "ann", at(59.9))).toBe(100);
  expect(() => assertMayFund(planned(), "ann", at(60))).toThrow(refusal("funding_over"));
  expect(() => assertMayFund(planned(), "host", at(0))).toThrow(refusal("funding_to_oneself"));
});

test("the host gets everything if the stream is live within that hour with its goal reached", () => {
  const outcome = (is: Partial<Stream>, collected: number, minutes: number) =>
    decideFunding(planned(is), collected, at(minutes)).outcome;
  expect(outcome({ status: "active" }, 100, 59.9)).toBe("host");
  expect(outcome({ status: "active" }, 100, 60)).toBe("back");
  expect(outcome({ status: "active" }, 99, 0)).toBe("back");
  expect(outcome({ status: "cancelled_by_host" }, 100, 0)).toBe("back");
});

test("a change of status and a deletion decide on contributions, once", () => {
  const decided: Funding = { outcome: "back", collected: 1, closedAt: timeAt(0) };
  expect(isDeciding(planned(), planned({ status: "active" }))).toBe(true);
  expect(isDeciding(planned(), planned({ deletedAt: timeAt(0) }))).toBe(true);
  expect(isDeciding(planned(), planned({ title: "Another" }))).toBe(false);
  const was = planned({ funding: decided });
  expect(isDeciding(was, planned({ funding: decided, status: "expired" }))).toBe(false);
});

test("contributions are decided on after an hour, and the stream expires after a day", () => {
  expect(dueAt(planned())).toBe(timeAt(60));
  expect(applyDueChange(planned(), at(59.9))).toBeUndefined();
  expect(applyDueChange(planned(), at(60))).toMatchObject({ funding: { outcome: "back" } });
  const returned = { outcome: "back", collected: 0, closedAt: timeAt(60) } as const;
  for (const rest of [planned({ funding: returned }), planned({ fundingGoal: null })]) {
    expect(dueAt(rest)).toBe(timeAt(24 * 60));
    expect(applyDueChange(rest, at(24 * 60 - 0.1))).toBeUndefined();
    expect(applyDueChange(rest, at(24 * 60))).toEqual({ status: "expired" });
  }
  expect(dueAt(planned({ deletedAt: timeAt(0) }))).toBeUndefined();
  expect(dueAt(planned({ status: "active" }))).toBeUndefined();
});

test("a stream planned for the last day of 9999 does not expire now", () => {
  const plannedStartDate = "9999-12-31T23:30:00.000Z";
  for (const fundingGoal of [100, null]) {
    const late = planned({ plannedStartDate, fundingGoal });
    expect(dueAt(late)).toBe("9999-12-31T23:59:59.999Z");
    expect(applyDueChange(late, at(0))).toBeUndefined();
  }
});

test("a host's proceeds add up to what was collected, in parts that one entry can hold", () => {
  const collected = 2_500_000_000;
  const funding = { outcome: "host", collected, closedAt: timeAt(0) } as const;
  const parts = proceedsOf(planned(), funding, () => "1".repeat(24));
  expect(parts.map(({ dueCredits }) => dueCredits)).toEqual([1e9, 1e9, 0.5e9]);
});

test("a goal is shown as 100 % only when it is reached", () => {
  const shown = (collected: number) =>
    liveStreamOf(planned({ fundingGoal: 1000 }), { collected }).fundingPercentage;
  expect([0, 999, 1000, 1500].map(shown)).toEqual([0, 99, 100, 150]);
});
