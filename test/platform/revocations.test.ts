import { forgottenAt } from "../../domain/revocation.ts";
import { handler as getWallet } from "../../functions/money/wallets/get.ts";
import { handler as list } from "../../functions/people/sessions/list-revocations.ts";
import { handler as createStream } from "../../functions/streams/create.ts";
import { isRevoked, listedAction, revoke } from "../../platform/auth/revocations.ts";
import {
  assertSession,
  inSession,
  listedSeconds,
  useRevocationAges,
} from "../../platform/auth/session.ts";
import { putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { commitTransaction } from "../../platform/table/transact.ts";
import { callEndpoint } from "./api-call.ts";
import { meterTable } from "./call-meter.ts";
import { useOwnTable } from "./table.ts";
import { makeUser } from "./wallet-people.ts";

useOwnTable();

/** What this environment knows is forgotten: it is a new one. */
const beNew = () => useRevocationAges(undefined);
beforeEach(beNew);

const second = 1_800_000_000;
const at = (seconds: number) => new Date((second + seconds) * 1000);
const session = (userId: string, issuedAt: number, tokenId = "") => ({ userId, issuedAt, tokenId });

/** A revocation that another environment writes: this one has to read it. */
async function revokeElsewhere(who: { sub: string } | { jti: string }, moment: Date, now = moment) {
  const issuedBefore = "sub" in who ? moment.toISOString() : null;
  const revocation = { id: "r", ...who, issuedBefore, at: now.toISOString() };
  await revoke(revocation, now);
  beNew();
}

const read = (as: string) => callEndpoint(getWallet, { as });
const write = (as: string) => callEndpoint(createStream, { as, body: { title: "x" } });

test("the authorizer's result is cached; the function still refuses, reads and effects", async () => {
  await makeUser("ann");
  await makeUser("ben");
  const later = new Date(Date.now() + 60_000);
  await revokeElsewhere({ sub: "ann" }, later, new Date());
  expect((await read("ann")).status).toBe(401);
  beNew();
  const before = meterTable();
  const refused = await before(async () => expect((await write("ann")).status).toBe(401));
  expect(refused).toMatchObject({ calls: 1, write: 0 });
  expect([(await read("ben")).status, (await write("ben")).status]).toEqual([200, 201]);
});

test("a revoked token does not get the stored response of an earlier call's key either", async () => {
  await makeUser("dora");
  const keyed = { as: "dora", key: "once", body: { title: "x" } };
  expect((await callEndpoint(createStream, keyed)).status).toBe(201);
  expect((await callEndpoint(createStream, keyed)).status).toBe(201);
  await revokeElsewhere({ sub: "dora" }, new Date(Date.now() + 60_000), new Date());
  expect((await callEndpoint(createStream, keyed)).status).toBe(401);
});

test("a cached list is refreshed during a call, and the next call uses it", async () => {
  await makeUser("cem");
  await revokeElsewhere({ sub: "cem" }, new Date(Date.now() + 60_000), new Date());
  useRevocationAges({ fresh: -1, usable: 1e9 });
  expect((await write("cem")).status).toBe(201);
  expect((await write("cem")).status).toBe(401);
  expect((await read("cem")).status).toBe(401);
});

test("within ten seconds of a revocation elsewhere no effect relies on an earlier list", async () => {
  const act = (seconds: number) => {
    const caller = { ...session("eve", second), roles: [], claims: {}, expiresAt: second + 60 };
    return inSession(caller, { isRead: false, now: at(seconds) }, async () => "done");
  };
  expect(await act(0)).toBe("done");
  const mark = { user: "eve", second: second + 1, at: at(1).getTime() };
  await putItem({ ...key.recentRevocation(at(1).toISOString().slice(0, 19), "eve"), ...mark });
  // Read again during a call that is not yet refused.
  expect(await act(3)).toBe("done");
  await expect(act(9)).rejects.toMatchObject({ code: "token_invalid" });
});

test("a revocation counts although the clock was set back after the list was read", async () => {
  const finn = session("finn", second);
  beNew();
  await assertSession(finn, at(3_600));
  // By another environment: this one has to read it.
  const mark = { user: "finn", second: second + 1, at: at(1).getTime() };
  await putItem({ ...key.recentRevocation(at(1).toISOString().slice(0, 19), "back"), ...mark });
  await expect(assertSession(finn, at(2))).rejects.toThrow("token_invalid");
  await assertSession(session("gwen", second), at(2));
});

test("reading the list costs a new environment's first effect a step, and other calls none", async () => {
  await makeUser("dan");
  const measure = meterTable();
  useRevocationAges({ fresh: 1e9, usable: 1e9 });
  await write("dan");
  const usual = {
    read: await measure(() => read("dan")),
    write: await measure(() => write("dan")),
  };
  useRevocationAges({ fresh: -1, usable: 1e9 });
  const concurrent = {
    read: await measure(() => read("dan")),
    write: await measure(() => write("dan")),
  };
  beNew();
  const first = { read: await measure(() => read("dan")), write: {} };
  beNew();
  first.write = await measure(() => write("dan"));
  for (const spent of [concurrent, first]) {
    expect(spent.read).toMatchObject({ steps: usual.read.steps, calls: usual.read.calls + 1 });
    expect(spent.write).toMatchObject({ calls: usual.write.calls + 1 });
  }
  expect(concurrent.write.steps).toBe(usual.write.steps);
  expect(first.write).toMatchObject({ steps: usual.write.steps + 1 });
});

test("an unreadable list of revocations blocks no user while the cached one is recent, and every user afterwards", async () => {
  await makeUser("eva");
  const client = table();
  useTable({
    send: (command: { input: { ExpressionAttributeValues?: Record<string, unknown> } }) =>
      command.input.ExpressionAttributeValues?.[":pk"] === "REVOKED#recent"
        ? Promise.reject(Object.assign(new Error("busy"), { name: "ThrottlingException" }))
        : client.send(command as never),
  } as never);
  try {
    useRevocationAges({ fresh: -1, usable: 1e9 });
    expect([(await read("eva")).status, (await write("eva")).status]).toEqual([200, 201]);
    beNew();
    expect([(await read("eva")).status, (await write("eva")).status]).toEqual([503, 503]);
  } finally {
    useTable(client);
  }
});

test("tokens up to a second are refused, later ones are valid; the latest revocation counts", async () => {
  const good = (issuedAt: number) =>
    assertSession(session("fay", issuedAt), at(10)).then(
      () => true,
      () => false,
    );
  await revokeElsewhere({ sub: "fay" }, new Date(second * 1000 + 999));
  expect([await good(second - 1), await good(second), await good(second + 1)]).toEqual([
    ...[false, false, true],
  ]);
  await revokeElsewhere({ sub: "fay" }, at(-100), at(5));
  expect([await good(second), await good(second + 1)]).toEqual([false, true]);
  expect(await isRevoked(session("fay", second + 0.9))).toBe(true);
  expect(await isRevoked(session("fay", second + 1))).toBe(false);
});

test("the list has the one of a user's two revocations in one second that covers more tokens", async () => {
  const good = (issuedAt: number) =>
    assertSession(session("gul", issuedAt), at(1)).then(
      () => true,
      () => false,
    );
  await revokeElsewhere({ sub: "gul" }, at(0));
  await revokeElsewhere({ sub: "gul" }, at(-100), at(0.5));
  expect([await good(second), await good(second + 1)]).toEqual([false, true]);
});

test("a token is refused by its jti, by the cached list and by the table", async () => {
  await revokeElsewhere({ jti: "stolen" }, at(0));
  const of = (tokenId: string) => assertSession(session("gil", second, tokenId), at(1));
  await expect(of("stolen")).rejects.toMatchObject({ code: "token_invalid" });
  await of("other");
  await of("");
  const asked = ["stolen", "other", ""].map((jti) => isRevoked(session("gil", second, jti)));
  expect(await Promise.all(asked)).toEqual([true, false, false]);
});

test("admins' list ends with the revocations in effect, though the table still has older ones", async () => {
  const begun = Date.now();
  const days = 24 * 3600 * 1000;
  for (const [n, ago] of [3 * days, 2 * days, days / 2, 0].entries()) {
    const now = new Date(begun - ago);
    const id = String(n).padStart(24, "0");
    const revocation = { id, jti: id, issuedBefore: null, at: now.toISOString() };
    await commitTransaction([listedAction(revocation, now)]);
  }
  const page = async (query: Record<string, string>) => {
    const { body } = await callEndpoint(list, { as: "boss", roles: ["admin"], query });
    return body.data as { list: { id: string }[]; pageInfo: { nextCursor: string | null } };
  };
  const first = await page({ limit: "3" });
  expect(first.list.map(({ id }) => id.slice(-1))).toEqual(["3", "2"]);
  const next = await page({ limit: "3", after: first.pageInfo.nextCursor! });
  expect(next).toMatchObject({ list: [], pageInfo: { nextCursor: null } });
});

test("entries leave the list once authorizers know them, and the table once no token survives", async () => {
  await revokeElsewhere({ sub: "hal" }, at(0));
  await assertSession(session("ida", second), at(1));
  const later = at(listedSeconds + 60);
  await assertSession(session("hal", second), later);
  expect(await isRevoked(session("hal", second))).toBe(true);
  expect(forgottenAt(at(0), at(-500).toISOString())).toBeGreaterThanOrEqual(second + 24 * 3600);
  expect(forgottenAt(at(0), at(60).toISOString())).toBeGreaterThanOrEqual(second + 60 + 24 * 3600);
});
