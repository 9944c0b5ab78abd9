import { handler as removeMe } from "../../functions/people/users/delete-me.ts";
import { handler as changeChannel } from "../../functions/streams/channel/change.ts";
import { handler as createStream } from "../../functions/streams/create.ts";
import { handler as endStream } from "../../functions/streams/end.ts";
import { handler as goLive } from "../../functions/streams/join-as-creator.ts";
import { handler as myActive } from "../../functions/streams/my-active.ts";
import { findStream } from "../../platform/store/streams/streams.ts";
import { callEndpoint } from "./api-call.ts";
import { atEachRequest } from "./interleaving.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { hostThousand, makeUser, someone } from "./wallet-people.ts";

const max = 3;
useOwnTable({ LIVE_STREAMS_PER_USER: String(max) });
useQueue("NOTICES_QUEUE_URL", "ERASURES_QUEUE_URL");

async function create(as: string): Promise<string> {
  const { body } = await callEndpoint(createStream, { as, body: { title: "Show" } });
  return (body.data as { id: string }).id;
}
const join = (as: string, liveStreamId: string) =>
  callEndpoint(goLive, { as, body: { liveStreamId } });

// Planted fault that turns this red: assertMayGoLive() that compares with `>`.
test("a user's live streams are limited until one of them ends", async () => {
  const [as, other] = await Promise.all([makeUser(someone("host")), makeUser(someone("host"))]);
  const ids: string[] = [];
  for (let n = 0; n <= max; n++) ids.push(await create(as));
  for (const id of ids.slice(0, max)) expect(await join(as, id)).toMatchObject({ status: 200 });
  const refused = await join(as, ids[max]!);
  expect(refused).toMatchObject({
    status: 409,
    body: {
      errors: [expect.any(String), `A user can have ${max} streams live at once: end one first`],
    },
  });
  // Rejoining a live stream does not count again, and each user has their own limit.
  expect((await join(as, ids[0]!)).status).toBe(200);
  expect((await join(other, await create(other))).status).toBe(200);
  expect((await callEndpoint(endStream, { as, path: { streamId: ids[1]! } })).status).toBe(200);
  expect((await join(as, ids[max]!)).status).toBe(200);
});

test("a live stream that is older than a thousand others of its host is still live", async () => {
  const as = await makeUser(someone("host"));
  const [first, ...others] = await Promise.all(Array.from({ length: max + 1 }, () => create(as)));
  for (const id of others) expect((await join(as, id)).status).toBe(200);
  await hostThousand(as, new Date());
  expect((await callEndpoint(myActive, { as })).body).toMatchObject({
    data: { id: others.at(-1), status: "active" },
  });
  expect((await join(as, `${first}`)).status).toBe(409);
  expect((await callEndpoint(removeMe, { as, query: {} })).status).toBe(409);
  await callEndpoint(changeChannel, { as, body: { slowModeSeconds: 7 } });
  for (const id of [first, ...others])
    expect(await findStream(`${id}`, { consistent: true })).toMatchObject({ slowModeSeconds: 7 });
  for (const streamId of others) await callEndpoint(endStream, { as, path: { streamId } });
  expect((await callEndpoint(myActive, { as })).body.data).toBeNull();
  expect((await callEndpoint(removeMe, { as, query: {} })).status).toBe(204);
});

test("a host whose newer live stream ends meanwhile gets the older one", () =>
  atEachRequest(async () => {
    const as = await makeUser(someone("host"));
    const [older, newer] = [await create(as), await create(as)];
    for (const id of [older, newer]) await join(as, id);
    let found: string | undefined;
    return {
      act: async () => {
        const { body } = await callEndpoint(myActive, { as });
        found = (body.data as { id: string } | null)?.id;
      },
      meanwhile: () => callEndpoint(endStream, { as, path: { streamId: newer } }),
      check: async () => expect([older, newer]).toContain(found),
    };
  }));
