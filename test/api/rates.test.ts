import { expect, test } from "@jest/globals";
import {
  type Answer,
  call,
  eventually,
  expectFailure,
  freshId,
  type Person,
  person,
} from "./people.ts";
import { tencent } from "./tencent-caller.ts";
import { viewer } from "./viewer.ts";

/** Calls without a pause until a response matches, up to a limit. */
async function flood(
  ask: () => Promise<Answer>,
  fits: (answer: Answer) => boolean,
  atOnce = 40,
): Promise<Answer> {
  for (let round = 0; round < 100; round++) {
    const answers = await Promise.all(Array.from({ length: atOnce }, ask));
    const found = answers.find(fits);
    if (found !== undefined) return found;
  }
  throw new Error("No response matched");
}

const pause = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));
/** The call with the lowest rate: one a second, after twenty at once. */
const copy = (as: Person) => call("GET /api/v1/users/me/export", { as });

test("HTTP: a flood gets 429 with Retry-After; other users and other calls are not affected", async () => {
  const as = await person();
  const refused = await flood(
    () => copy(as),
    ({ status }) => status === 429,
  );
  expectFailure(refused, 429, "Too many requests");
  expect(refused.body.errors).toEqual(["Too many requests"]);
  expect(refused.headers.get("x-error-code")).toBe("too_many_requests");
  expect(refused.headers.get("retry-after")).toMatch(/^[1-9]\d{0,2}$/);
  expect(refused.headers.get("access-control-expose-headers")).toMatch(/retry-after/i);
  const [other, reading] = await Promise.all([
    copy(await person()),
    call("GET /api/v1/wallet", { as }),
  ]);
  expect([other.status, reading.status]).toEqual([200, 200]);
  await pause(Number(refused.headers.get("retry-after")));
  // Calls still in progress at the end of the flood may have used the next free slots.
  await eventually(
    () => copy(as),
    ({ status }) => status === 200,
  );
});

test("Tencent: a flood of a command is HTTP 200 with 60007, and other commands go on", async () => {
  const ask = () => tencent("get_room_metadata", { RoomId: freshId() });
  // Enough to exceed the rate of one second even on a slow machine.
  const refused = await flood(ask, ({ body }) => body.ErrorCode === 60007, 600);
  expect(refused.status).toBe(200);
  expect(refused.body).toMatchObject({ ErrorCode: 60007, ErrorInfo: expect.any(String) });
  const other = await tencent("get_room_info", { RoomId: freshId() });
  expect(other.body.ErrorCode).not.toBe(60007);
  await eventually(ask, ({ body }) => body.ErrorCode !== 60007);
});

test("socket: a flood gets one error, then close code 4429; it may reconnect after waiting", async () => {
  const as = await person();
  const [flooding, calm] = await Promise.all([viewer(as), viewer(await person())]);
  let isClosed = false;
  flooding.socket.once("close", () => {
    isClosed = true;
  });
  flooding.socket.on("error", () => {});
  const isClosing = ({ type }: { type: string }) => type === "closing";
  const began = performance.now();
  for (let n = 0; !flooding.messages.some(isClosing) && n < 3_000; n++) {
    for (let more = 0; more < 25 && flooding.socket.readyState === 1; more++)
      flooding.send({ action: "ping", requestId: `p${25 * n + more}` });
    await pause(0.02);
  }
  const closing = await flooding.next(isClosing);
  expect(closing).toEqual({ type: "closing", code: 4429, reason: expect.any(String) });
  await eventually(
    async () => isClosed,
    (closed) => closed,
  );
  // Five seconds in which a busy machine refuses nothing end a flood, and the next one is answered.
  const floodsMax = 1 + Math.floor((performance.now() - began) / 5_000);
  const errors = flooding.messages.filter(({ type }) => type === "error");
  expect(errors.length).toBeLessThanOrEqual(floodsMax);
  expect(errors).toEqual(
    Array(Math.max(1, errors.length)).fill({
      type: "error",
      statusCode: 429,
      code: "too_many_requests",
      errors: ["Too many requests"],
      requestId: expect.stringMatching(/^p\d+$/),
    }),
  );
  calm.send({ action: "ping", requestId: "calm" });
  await calm.next(({ type, requestId }) => type === "pong" && requestId === "calm");
  const back = await viewer(as);
  back.close();
  calm.close();
});
