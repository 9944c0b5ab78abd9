import { claimCall, keyedCall } from "../../platform/table/idempotency.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { useOwnTable } from "./table.ts";
import { someone } from "./wallet-people.ts";

useOwnTable();

const now = new Date("2026-05-01T12:00:00.000Z");
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const newCall = () => keyedCall(someone("user"), "POST /v4/send_gift", "key", {});

test("the second of two calls with one key is refused until the first releases its claim", async () => {
  const call = newCall();
  const releaseClaim = await claimCall(call, now);
  await expect(claimCall(call, now)).rejects.toMatchObject({ code: "key_in_progress" });
  await releaseClaim();
  await claimCall(call, now);
});

test("a call that died holds its key for 15 seconds, not until the table removes the claim", async () => {
  const call = newCall();
  await claimCall(call, now);
  await expect(claimCall(call, after(14))).rejects.toMatchObject({ code: "key_in_progress" });
  await claimCall(call, after(15));
});

test("a call that was considered dead does not release the claim of the next one", async () => {
  const call = newCall();
  const releaseClaim = await claimCall(call, now);
  await claimCall(call, after(16));
  await releaseClaim();
  const kept = await getRawItem(key.claim(call.owner, call.hash), { consistent: true });
  expect(kept).toBeDefined();
  await expect(claimCall(call, after(17))).rejects.toMatchObject({ code: "key_in_progress" });
});

test("keys of two callers are independent", async () => {
  const [one, other] = [newCall(), newCall()];
  await claimCall(one, now);
  await claimCall(other, now);
});
