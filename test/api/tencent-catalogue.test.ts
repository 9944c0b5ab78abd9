/** Tencent's gift categories, translations and room information. */
import { freshId, person } from "./people.ts";
import { tencent, tencentRested } from "./tencent-caller.ts";

const ok = { ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 };
const missing = (ErrorCode: number) => ({ ActionStatus: "FAIL", ErrorCode });
/** The response of a command that is limited to once a second. */
const ask = async (command: string, body: object) => (await tencentRested(command, body)).body;
const done = async (command: string, body: object) =>
  expect(await ask(command, body)).toEqual({ ...ok, RequestId: expect.any(String) });

async function addGift(): Promise<string> {
  const GiftId = freshId().slice(0, 20);
  const IconUrl = "https://cdn.example.com/gifts/rose.png";
  await done("add_gift", { GiftId, Coins: 10, DefaultName: "Rose", IconUrl });
  return GiftId;
}

test("a category has its gifts and its texts until it is deleted", async () => {
  const GiftId = await addGift();
  const CategoryId = freshId().slice(0, 20);
  const category = { CategoryId, DefaultName: "Flowers", DefaultDesc: "For every evening" };
  // A stage has at most three categories, so this one is deleted afterwards.
  await done("add_gift_category", category);
  try {
    const { GiftCategoryInfo } = await ask("get_gift_category", { CategoryId });
    expect(GiftCategoryInfo).toMatchObject(category);

    const relations = { CategoryId, GiftIdList: [GiftId, "no-such-gift"] };
    const added = await ask("add_gift_category_relations", relations);
    expect(added).toMatchObject({ ...ok, InvalidGiftIdList: ["no-such-gift"] });
    const listed = () => ask("get_gift_category_relations", { CategoryId });
    expect((await listed()).Relation).toEqual({ CategoryId, GiftIdList: [GiftId] });
    await done("del_gift_category_relations", { CategoryId, GiftIdList: [GiftId] });
    expect((await listed()).Relation.GiftIdList).toEqual([]);

    const chinese = { CategoryId, Language: "zh-Hans" };
    const text = { CategoryName: "花", CategoryDesc: "献给每个夜晚" };
    await done("set_gift_category_language", { ...chinese, ...text });
    const told = await ask("get_gift_category_language", chinese);
    expect(told.CategoryInfo).toEqual(text);
    await done("del_gift_category_language", chinese);
    expect(await ask("get_gift_category_language", chinese)).toMatchObject(missing(100002));
  } finally {
    await done("del_gift_category", { CategoryId });
  }
  expect(await ask("get_gift_category", { CategoryId })).toMatchObject(missing(100002));
});

test("a gift has a text in each language, and both are gone when it is deleted", async () => {
  const GiftId = await addGift();
  const chinese = { GiftId, Language: "zh-Hans" };
  const text = { Name: "玫瑰", Desc: "一朵红玫瑰" };
  await done("set_gift_language", { ...chinese, ...text });
  const told = await ask("get_gift_language", chinese);
  expect(told.GiftInfo).toEqual(text);
  await done("del_gift_language", chinese);
  expect(await ask("get_gift_language", chinese)).toMatchObject(missing(100002));
  await done("del_gift", { GiftId });
  expect(await ask("get_gift", { GiftId })).toMatchObject(missing(102002));
});

test("a room's information changes field by field", async () => {
  const owner = await person();
  const RoomId = `room-${freshId()}`;
  const made = { RoomId, RoomType: "Live", RoomName: "Before", Owner_Account: owner.id };
  expect((await tencent("create_room", { RoomInfo: made })).body).toMatchObject(ok);
  const change = { RoomId, RoomName: "An evening", IsMessageDisabled: true };
  expect((await tencent("update_room_info", { RoomInfo: change })).body).toMatchObject(ok);
  const { body } = await tencent("get_room_info", { RoomId });
  expect(body.Response.RoomInfo).toMatchObject({ ...change, Owner_Account: owner.id });
});
