import { giftTypesMax, listedGiftTypeOf, newGiftType } from "../../domain/money/gift-type.ts";
import { AddGift } from "../../domain/tencent/tencent-gift.ts";
import { handler as listTypes } from "../../functions/money/gifts/list-types.ts";
import { handler as readWallet } from "../../functions/money/wallets/get.ts";
import { newId } from "../../platform/runtime/id.ts";
import { changeStoredGiftType, recordGiftType } from "../../platform/store/money/gift-types.ts";
import { deleteGiftByAlias, recordAddedGift } from "../../platform/store/tencent/gift-aliases.ts";
import { putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { setClock } from "./clock.ts";
import { longText, wideUrl, writeAll } from "./costs/fullest.ts";
import { everyRate, useOwnTable } from "./table.ts";
import { forget, someone } from "./wallet-people.ts";

useOwnTable({ RATES: everyRate(18, 36) });

const svgUrl = wideUrl("gift");
const id = () => newId(new Date());
const typeOf = (giftId: string) =>
  newGiftType(id(), { creditAmount: 5, svgUrl, name: longText(100), giftId }, new Date());
const create = async (name: string) => {
  const type = typeOf(name);
  await recordGiftType(type, forget(undefined));
  return type;
};
const tooMany = { code: "too_many_gift_types" };
const setCount = (count: number) => putItem({ ...key.giftTypesVersion(), version: "v", count });

test("a stage has at most 1,500 gift types, also if admins create the last ones at once", async () => {
  await setCount(giftTypesMax - 2);
  const names = ["a", "b", "c", "d", "e"];
  const outcomes = await Promise.allSettled(names.map(create));
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(3);
  for (const one of refused) expect(one).toMatchObject({ reason: tooMany });
});

test("a full catalogue can be changed, and a deleted gift makes room for another", async () => {
  await setCount(giftTypesMax - 1);
  const type = await create("last");
  await changeStoredGiftType(type.id, (was) => ({ ...was, name: "renamed" }));
  const added = (GiftId: string) =>
    recordAddedGift(AddGift.parse({ GiftId, Coins: 5, DefaultName: "x" }), id, new Date());
  await added("last");
  await expect(added("more")).rejects.toMatchObject(tooMany);
  await deleteGiftByAlias("last", new Date());
  await added("more");
  await expect(create("again")).rejects.toMatchObject(tooMany);
});

test("gift types that an earlier release created count, too", async () => {
  const listed = Array.from({ length: giftTypesMax }, (_, n) => typeOf(`early-${n}`));
  await writeAll(listed.map((type) => ({ ...key.listedGiftType(type.id), ...type })));
  await putItem({ ...key.giftTypesVersion(), version: "without a count" });
  await expect(create("late")).rejects.toMatchObject(tooMany);
});

test("a list of gift types takes as many units of its caller's rate as its bytes cost", async () => {
  setClock(Date.now());
  const [full, small] = [someone("full"), someone("small")];
  const list = (as: string) => callEndpoint(listTypes, { as });
  const first = await list(full);
  expect(first).toMatchObject({ status: 200, headers: { ratelimit: '"reads";r=1;t=2' } });
  expect(first.bytes).toBeGreaterThan(2_900_000);
  expect(await list(full)).toMatchObject({ status: 429 });
  expect(await callEndpoint(readWallet, { as: full })).toMatchObject({ status: 429 });
  expect(await callEndpoint(readWallet, { as: small })).toMatchObject({
    status: 200,
    headers: { ratelimit: '"reads";r=35;t=1' },
  });
});

test("the list of the most and longest gift types fits a response of Lambda", () => {
  const rows = Array.from({ length: giftTypesMax }, (_, n) => listedGiftTypeOf(typeOf(`${n}`)));
  const response = JSON.stringify({ body: JSON.stringify(rows) });
  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  expect(Buffer.byteLength(response)).toBeLessThan(6 * 1024 ** 2);
});
