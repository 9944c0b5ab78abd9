import type { APIGatewayProxyEvent, Context } from "aws-lambda";
import { makeFrame } from "../../../domain/log/frame.ts";
import { handler } from "../../../functions/streams/events.ts";
import { contextOf } from "../../../platform/auth/caller.ts";
import { putFrame } from "../../../platform/store/log/frames.ts";
import { getLog } from "../../../platform/store/log/logs.ts";
import { useTable } from "../../../platform/table/table.ts";
import { chatRecord, emptyLog } from "../../domain/frame-samples.ts";
import { startTable } from "../table.ts";
import { makeStream, makeUser } from "../wallet-people.ts";

let table: Awaited<ReturnType<typeof startTable>>;
beforeAll(async () => {
  table = await startTable();
  await makeUser("viewer");
});
afterEach(() => useTable(table.client));
afterAll(() => table.stop());

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Asks as the gateway does, with a token that ends at a time (milliseconds since 1970). */
async function ask(streamId: string, query: Record<string, string>, endsAt: number) {
  const caller = { userId: "viewer", roles: [], claims: {}, issuedAt: 0, tokenId: "" };
  const event = {
    path: "/test",
    headers: {},
    pathParameters: { streamId },
    multiValueQueryStringParameters: Object.fromEntries(
      Object.entries(query).map(([name, value]) => [name, [value]]),
    ),
    requestContext: {
      requestId: "request",
      authorizer: contextOf({ ...caller, expiresAt: endsAt / 1000 }),
    },
  };
  const answer = await handler(event as unknown as APIGatewayProxyEvent, {} as Context);
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

async function putFirst(streamId: string): Promise<void> {
  const now = new Date();
  const record = chatRecord(1, "hello", Math.floor(now.getTime() / 1000));
  const end = { ...emptyLog, epoch: (await getLog(streamId)).epoch };
  await putFrame(streamId, makeFrame(end, [record], { streamId, viewers: 1 }, now).frame);
}

test("a long poll ends when the token expires, without frames that were made later", async () => {
  const { id } = await makeStream("host");
  const endsAt = Date.now() + 1_500;
  const waiting = ask(id, { wait: "10" }, endsAt);
  await pause(endsAt - Date.now() + 50);
  await putFirst(id);
  const { status, body } = await waiting;
  expect(Date.now()).toBeLessThan(endsAt + 5_000);
  expect({ status, frames: body.data?.frames ?? [] }).toEqual({ status, frames: [] });
  expect([200, 401]).toContain(status);
  expect((await ask(id, { wait: "10" }, endsAt)).status).toBe(401);
});

test.each(["0", "1"])(
  "a token that ends while the frames are read is refused (wait %s)",
  async (wait) => {
    const { id } = await makeStream("host");
    await putFirst(id);
    const query = { after: "0", wait };
    const inTime = await ask(id, query, Date.now() + 60_000);
    expect(inTime.body.data.frames).toHaveLength(1);
    const slow = async (command: unknown) => {
      await pause(200);
      return table.client.send(command as never);
    };
    useTable({ send: slow } as unknown as typeof table.client);
    const late = await ask(id, query, Date.now() + 300);
    expect(late).toMatchObject({ status: 401, body: { data: null } });
  },
);
