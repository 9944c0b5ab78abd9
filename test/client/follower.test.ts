import { createFollower } from "../../client/follower.ts";
import type { Frame, Message } from "../../client/message.ts";
import type { Step } from "../../client/step.ts";

const streamId = "s";
const frame = (n: number, epoch = "e"): Frame => ({
  type: "events",
  streamId,
  epoch,
  frame: n,
  viewers: 1,
  skipped: 0,
  events: [],
});
const shown = (steps: Step[]) =>
  steps.flatMap((step) => (step.do === "show" ? [step.frame.frame] : []));
const asked = (steps: Step[]) => steps.find((step) => step.do === "send")?.message;
const subscribed = (requestId: unknown, head: number, recovered?: boolean, epoch = "e") =>
  ({ type: "subscribed", streamId, epoch, head, viewers: 1, requestId, recovered }) as Message;

/** A follower at position `head` of a log. */
function following(head = 5) {
  const follower = createFollower(streamId);
  const { requestId } = asked(follower.open(0))!;
  follower.take(subscribed(requestId, head), 10);
  return { follower, requestId };
}

test("rule 1: a frame whose number is not larger than the last is dropped", () => {
  const { follower } = following();
  expect([6, 6, 5, 7, 7].flatMap((n) => shown(follower.take(frame(n), 20)))).toEqual([6, 7]);
});

test("rule 2: at a gap it subscribes again, and delivers the frame beyond only when it is sent again", () => {
  const { follower } = following();
  const steps = follower.take(frame(8), 20);
  expect(shown(steps)).toEqual([]);
  expect(asked(steps)).toMatchObject({ since: { epoch: "e", frame: 5 } });
  follower.take(subscribed(asked(steps)!.requestId, 8, true), 30);
  expect([6, 7, 8].flatMap((n) => shown(follower.take(frame(n), 40)))).toEqual([6, 7, 8]);
});

test("rule 2: it subscribes again after a frame of another epoch, and a pong that does not name the stream", () => {
  expect(asked(following().follower.take(frame(6, "other"), 20))).toBeDefined();
  expect(asked(following().follower.take({ type: "pong", heads: {} }, 20))).toBeDefined();
  expect(following().follower.take({ type: "pong", heads: { s: 5 } }, 20)).toEqual([]);
});

test("rule 2: it subscribes again if a pong's head is still missing after 3 s", () => {
  const { follower } = following();
  follower.take({ type: "pong", heads: { s: 6 } }, 1_000);
  expect(follower.tick(3_900)).toEqual([]);
  expect(asked(follower.tick(4_100))).toMatchObject({ since: { frame: 5 } });
  const other = following().follower;
  other.take({ type: "pong", heads: { s: 6 } }, 1_000);
  other.take(frame(6), 1_500);
  expect(other.tick(9_000)).toEqual([]);
});

test("rule 2: each frame that arrives before a pong's head restarts the 3 s", () => {
  const { follower } = following();
  follower.take({ type: "pong", heads: { s: 8 } }, 1_000);
  expect(shown(follower.take(frame(6), 2_000))).toEqual([6]);
  // Each frame that arrives restarts the timeout.
  expect(follower.tick(4_900)).toEqual([]);
  expect(asked(follower.tick(5_100))).toMatchObject({ since: { frame: 6 } });
});

test("rule 3: a subscribe without a response is repeated after 3 s, one at a time", () => {
  const follower = createFollower(streamId);
  const first = asked(follower.open(0))!;
  expect(follower.tick(2_900)).toEqual([]);
  const second = asked(follower.tick(3_100))!;
  expect(second.requestId).not.toBe(first.requestId);
  expect(follower.tick(3_200)).toEqual([]);
  // The next repetition waits longer: each subscribe restarts its response.
  expect(follower.tick(6_500)).toEqual([]);
  expect(asked(follower.tick(7_700))).toBeDefined();
  follower.take(frame(9), 3_300);
  expect(follower.tick(3_400)).toEqual([]);
});

test("rule 4: only the first response to the newest subscribe counts", () => {
  const { follower, requestId } = following();
  follower.take(frame(6), 20);
  expect(follower.take(subscribed(requestId, 0), 30)).toEqual([]);
  expect(shown(follower.take(frame(6), 40))).toEqual([]);
  const again = asked(follower.take(frame(9), 50))!;
  expect(follower.take(subscribed(requestId, 9, false), 60)).toEqual([]);
  expect(
    follower.take({ type: "error", statusCode: 404, errors: [], requestId: String(requestId) }, 60),
  ).toEqual([]);
  expect(follower.take(subscribed(again.requestId, 9, true), 70)[0]).toMatchObject({
    do: "follow",
  });
});

test("rule 4: no two followers share a request id, not even on the same stream", () => {
  const asks = [createFollower(streamId), createFollower(streamId)].flatMap((follower) => [
    asked(follower.open(0)),
    asked(follower.tick(3_100)),
  ]);
  expect(new Set(asks.map((message) => message!.requestId)).size).toBe(4);
});

test("a new socket restarts the timeouts", () => {
  const follower = createFollower(streamId);
  follower.open(0);
  for (let now = 0; now < 60_000; now += 1_000) follower.tick(now);
  follower.close();
  follower.open(60_000);
  expect(follower.tick(62_900)).toEqual([]);
  expect(asked(follower.tick(63_100))).toBeDefined();
});

test("an unsubscribed without a reason is ignored; one with a reason ends the follower", () => {
  const { follower } = following();
  expect(follower.take({ type: "unsubscribed", streamId }, 20)).toEqual([]);
  expect(follower.isEnded()).toBe(false);
  expect(follower.take({ type: "unsubscribed", streamId, reason: "blocked" }, 30)).toEqual([
    { do: "end", reason: "blocked" },
  ]);
  expect(follower.tick(99_000)).toEqual([]);
});

test("lost frames are reported, and the subscription continues from the head", () => {
  const { follower } = following();
  follower.close();
  const again = asked(follower.open(100))!;
  expect(again).toMatchObject({ since: { epoch: "e", frame: 5 } });
  expect(follower.take(subscribed(again.requestId, 90, false, "f"), 110)).toEqual([
    { do: "reset", position: { epoch: "f", frame: 90 }, viewers: 1 },
  ]);
  expect(shown(follower.take(frame(91, "f"), 120))).toEqual([91]);
});

test("an expired token is no refusal: the subscribe is repeated on the next socket", () => {
  const { follower } = following();
  const { requestId } = asked(follower.take(frame(8), 20))!;
  const errors = ["Authentication required"];
  const refused = { type: "error", statusCode: 401, errors, requestId } as Message;
  expect(follower.take(refused, 30)).toEqual([]);
  expect(follower.isEnded()).toBe(false);
  follower.close();
  expect(asked(follower.open(1_000))).toMatchObject({ since: { epoch: "e", frame: 5 } });
});

test("after rewinding twice it continues at its first position if the frames between are gone", () => {
  const { follower } = following();
  follower.rewind({ epoch: "e", frame: 3 }, 20);
  const { requestId } = asked(follower.rewind({ epoch: "e", frame: 1 }, 30))!;
  const steps = follower.take(subscribed(requestId, 5, false), 40);
  expect(steps[0]).toEqual({ do: "skip", position: { epoch: "e", frame: 5 }, viewers: 1 });
  expect(asked(steps)).toMatchObject({ since: { epoch: "e", frame: 5 } });
});

test.each([429, 401, 500, 503])(
  "the error %s does not end a subscription: the subscribe is repeated",
  (statusCode) => {
    const follower = createFollower(streamId);
    const { requestId } = asked(follower.open(0))!;
    const error = { type: "error", statusCode, errors: ["No"], requestId } as Message;
    expect(follower.take(error, 10)).toEqual([]);
    expect(follower.isEnded()).toBe(false);
    expect(asked(follower.tick(3_100))).toMatchObject({ action: "subscribe", streamId });
  },
);

test("once it has reached its first position again, later losses are reported", () => {
  const { follower } = following();
  const { requestId } = asked(follower.rewind({ epoch: "e", frame: 3 }, 20))!;
  follower.take(subscribed(requestId, 5, true), 30);
  expect([4, 5].flatMap((n) => shown(follower.take(frame(n), 40)))).toEqual([4, 5]);
  const again = asked(follower.take(frame(9), 50))!;
  expect(follower.take(subscribed(again.requestId, 9, false), 60)).toEqual([
    { do: "reset", position: { epoch: "e", frame: 9 }, viewers: 1 },
  ]);
});

test("a server that answers with an error is not silent", () => {
  const follower = createFollower(streamId);
  follower.open(0);
  const { requestId } = asked(follower.tick(3_100))!;
  expect(follower.waiting().unanswered).toBe(1);
  const error = { type: "error", statusCode: 503, errors: ["No"], requestId } as Message;
  follower.take(error, 3_200);
  expect(follower.waiting().unanswered).toBe(0);
});
