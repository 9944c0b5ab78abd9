import fc from "fast-check";
import {
  afterAttempt,
  afterDisabling,
  afterResending,
  type Delivery,
  deliveryIdOf,
  makeDelivery,
  withoutContent,
} from "../../domain/webhooks/delivery.ts";
import {
  currentSecrets,
  isSubscribedTo,
  rotateSecrets,
  type Secret,
} from "../../domain/webhooks/webhook.ts";

const at = "2026-05-01T12:00:00.123Z";
const now = new Date(at);
const made = makeDelivery("65a1234bcde5678f90123456", { id: "event", type: "t", at }, "{}");
const failure = { isDone: false, statusCode: 500, error: "The answer was 500" };
const chances = fc.double({ min: 0, max: 1, noNaN: true });

/** What is promised: seconds from a failed attempt to the next. */
const promised = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];

/** A delivery after `attempts` failed attempts of its schedule. */
function failed(attempts: number, chance = 0.5): Delivery {
  let delivery = made;
  for (let n = 0; n < attempts; n++) delivery = afterAttempt(delivery, failure, { now, chance });
  return delivery;
}

describe("the schedule of a delivery", () => {
  test.each(promised.map((seconds, at) => [at + 1, seconds]))(
    "after failure %i the next attempt is %i s later, give or take a fifth",
    (attempts, seconds) => {
      fc.assert(
        fc.property(chances, (chance) => {
          const { status, nextAttemptAt } = failed(attempts!, chance);
          expect(status).toBe("pending");
          const waits = (Date.parse(nextAttemptAt!) - now.getTime()) / 1000;
          expect(waits).toBeGreaterThanOrEqual(seconds! * 0.8);
          expect(waits).toBeLessThanOrEqual(seconds! * 1.2);
        }),
      );
      const spread = [0, 1].map((chance) => failed(attempts!, chance).nextAttemptAt);
      expect(spread[0]).not.toBe(spread[1]);
    },
  );

  test("the eleventh failure is the last: nothing follows", () => {
    const last = failed(promised.length + 1);
    expect(last).toMatchObject({ status: "failed", attempts: 11, statusCode: 500 });
    expect(last.nextAttemptAt).toBeUndefined();
  });

  test("a success ends it and clears the previous failure", () => {
    const done = afterAttempt(failed(3), { isDone: true, statusCode: 204 }, { now, chance: 0 });
    expect(done).toEqual({ ...made, attempts: 4, step: 4, status: "delivered", statusCode: 204 });
  });

  test("a delivered event stays delivered, and a receiver that answered 410 gets no other attempt", () => {
    const done = afterAttempt(made, { isDone: true, statusCode: 200 }, { now, chance: 0 });
    expect(afterAttempt(done, failure, { now, chance: 0 }).status).toBe("delivered");
    const gone = afterAttempt(made, { ...failure, isGone: true }, { now, chance: 0 });
    expect(gone.status).toBe("failed");
    expect(gone.nextAttemptAt).toBeUndefined();
  });

  test("a failed resend leaves the schedule unchanged, a successful one ends it", () => {
    const pending = failed(2);
    const again = afterResending(pending, { isDone: false, error: "No answer came in time" });
    const { statusCode: _, ...rest } = pending;
    expect(again).toEqual({ ...rest, attempts: 3, error: "No answer came in time" });
    const done = afterResending(pending, { isDone: true, statusCode: 200 });
    expect(done).toMatchObject({ status: "delivered", attempts: 3, step: 2 });
    expect(done.nextAttemptAt).toBeUndefined();
  });

  test("disabling ends pending deliveries", () => {
    const ended = afterDisabling(failed(1));
    const error = "The receiver is disabled or deleted";
    expect(ended).toMatchObject({ status: "failed", attempts: 1, error });
    expect(ended.nextAttemptAt).toBeUndefined();
    const delivered = afterResending(failed(1), { isDone: true, statusCode: 200 });
    expect(afterDisabling(delivered)).toBe(delivered);
  });
});

test("ids of deliveries sort by time and are stable", () => {
  const digest = "0123456789abcdef".repeat(4);
  const times = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(times, times, (one, other) => {
      const [a, b] = [one, other].map((time) => deliveryIdOf(time.toISOString(), digest));
      expect(a).toMatch(/^[0-9a-f]{24}$/);
      expect(Math.sign(one.getTime() - other.getTime())).toBe(a! < b! ? -1 : a! > b! ? 1 : 0);
    }),
  );
});

test("a deleted text is removed from its event", () => {
  const body = JSON.stringify({ type: "chat.message", data: { _id: "1", content: "words" } });
  expect(JSON.parse(withoutContent(body))).toEqual({
    type: "chat.message",
    data: { _id: "1", content: "", deleted: true },
  });
  const pinned = (message: object) => ({ type: "chat.pinned", data: { messageId: "1", message } });
  const sent = JSON.stringify(pinned({ _id: "1", content: "words" }));
  expect(JSON.parse(withoutContent(sent))).toEqual(
    pinned({ _id: "1", content: "", deleted: true }),
  );
});

test("a webhook gets the types that it lists, or all, and nothing while it is disabled", () => {
  expect(isSubscribedTo({ enabled: true, events: ["gift.sent"] }, "gift.sent")).toBe(true);
  expect(isSubscribedTo({ enabled: true, events: ["gift.sent"] }, "chat.message")).toBe(false);
  expect(isSubscribedTo({ enabled: true, events: ["*"] }, "chat.message")).toBe(true);
  expect(isSubscribedTo({ enabled: false, events: ["*"] }, "chat.message")).toBe(false);
});

test("a rotated secret signs together with the new one for 24 hours, and no longer", () => {
  const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);
  const { secrets } = rotateSecrets([{ secret: "a" }], "b", now);
  const signing = (when: Date) => currentSecrets(secrets, when).map(({ secret }) => secret);
  expect(signing(hours(23.99))).toEqual(["b", "a"]);
  expect(signing(hours(24))).toEqual(["b"]);
  // Another rotation must not make the oldest sign for longer.
  const { secrets: later } = rotateSecrets(secrets, "c", hours(12));
  expect(currentSecrets(later, hours(23.99)).map(({ secret }) => secret)).toEqual(["c", "b", "a"]);
  expect(currentSecrets(later, hours(24)).map(({ secret }) => secret)).toEqual(["c", "b"]);
});

test("a secret can be rotated nine times in 24 hours, and all ten secrets sign", () => {
  let secrets: Secret[] = [];
  for (const secret of "abcdefghij") ({ secrets } = rotateSecrets(secrets, secret, now));
  expect(() => rotateSecrets(secrets, "k", now)).toThrow("rotated_too_often");
  expect(secrets.map(({ secret }) => secret).join("")).toBe("jihgfedcba");
  const tomorrow = new Date(now.getTime() + 24 * 3_600_000);
  expect(rotateSecrets(secrets, "k", tomorrow).secrets).toHaveLength(2);
});
