import { admitSocket, listSocket } from "../../../platform/realtime/socket-limit.ts";
import {
  connectionExpiry,
  listSockets,
  listTokenSockets,
  putConnection,
} from "../../../platform/store/log/connections.ts";
import { posterWith } from "../push/posters.ts";
import { useOwnTable } from "../table.ts";

let dead = new Set<string>();
const poster = posterWith({
  probe: async (connectionId) => (dead.has(connectionId) ? "gone" : "sent"),
});
useOwnTable();

const now = new Date();
const socketsMax = 3;

/** The connections that are listed for a user's token. */
const ofTokenOf = async (userId: string) =>
  (await listTokenSockets(`${userId}'s token`, now)).map(({ connectionId }) => connectionId);

async function connect(userId: string, connectionId: string, agoMilliseconds = 0) {
  const connectedAt = now.getTime() - agoMilliseconds;
  const own = { userId, connectionId, connectedAt, tokenHash: `${userId}'s token` };
  const terms = { socketsMax, isStillValid: async () => true };
  await listSocket(own);
  const admitted = (await admitSocket(() => poster, own, terms, now)) === "admitted";
  const expiresAt = connectionExpiry(connectedAt);
  if (admitted) await putConnection({ ...own, tokenExpiresAt: 2e9, expiresAt });
  return admitted;
}

test("no more sockets than the limit stay of many that open at once", async () => {
  const admitted = await Promise.all(
    Array.from({ length: 12 }, (_, n) => connect("crowd", `crowd-${n}`)),
  );
  expect(admitted.filter(Boolean).length).toBeLessThanOrEqual(socketsMax);
  expect((await listSockets("crowd", now)).length).toBe(admitted.filter(Boolean).length);
});

test("one socket more than the limit is refused and leaves nothing; those of other users do not count", async () => {
  for (const n of [1, 2, 3]) expect(await connect("ann", `ann-${n}`)).toBe(true);
  expect(await connect("ann", "ann-4")).toBe(false);
  expect((await listSockets("ann", now)).map(({ connectionId }) => connectionId).sort()).toEqual([
    "ann-1",
    "ann-2",
    "ann-3",
  ]);
  expect(await ofTokenOf("ann")).toEqual(["ann-1", "ann-2", "ann-3"]);
  expect(await connect("ben", "ben-1")).toBe(true);
});

test("sockets that were lost without a close make room, those that may still be opening do not", async () => {
  for (const n of [1, 2]) expect(await connect("cem", `cem-${n}`, 60_000)).toBe(true);
  expect(await connect("cem", "cem-3", 1_000)).toBe(true);
  dead = new Set(["cem-1", "cem-3"]);
  expect(await connect("cem", "cem-4")).toBe(true);
  expect(await connect("cem", "cem-5")).toBe(false);
  expect(await ofTokenOf("cem")).toEqual(["cem-2", "cem-3", "cem-4"]);
  dead = new Set();
});
