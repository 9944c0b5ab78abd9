import { addRelations as withRelations } from "../../../domain/tencent/gift-category.ts";
import { AddGift } from "../../../domain/tencent/tencent-gift.ts";
import * as addCategory from "../../../functions/tencent/categories/add.ts";
import * as deleteCategory from "../../../functions/tencent/categories/delete.ts";
import * as getCategory from "../../../functions/tencent/categories/get.ts";
import * as deleteCategoryText from "../../../functions/tencent/category-languages/delete.ts";
import * as getCategoryText from "../../../functions/tencent/category-languages/get.ts";
import * as setCategoryText from "../../../functions/tencent/category-languages/set.ts";
import * as addGift from "../../../functions/tencent/gifts/add.ts";
import * as deleteGift from "../../../functions/tencent/gifts/delete.ts";
import * as getGift from "../../../functions/tencent/gifts/get.ts";
import * as deleteText from "../../../functions/tencent/languages/delete.ts";
import * as getText from "../../../functions/tencent/languages/get.ts";
import * as setText from "../../../functions/tencent/languages/set.ts";
import * as addRelations from "../../../functions/tencent/relations/add.ts";
import * as deleteRelations from "../../../functions/tencent/relations/delete.ts";
import * as getRelations from "../../../functions/tencent/relations/get.ts";
import { newId } from "../../../platform/runtime/id.ts";
import {
  changeStoredGiftType,
  findGiftTypeByAlias,
} from "../../../platform/store/money/gift-types.ts";
import {
  deleteGiftByAlias,
  getGiftTypeByAlias,
  recordAddedGift,
} from "../../../platform/store/tencent/gift-aliases.ts";
import { changeCategories } from "../../../platform/store/tencent/gift-categories.ts";
import { getRawItem } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { intercept } from "../intercept.ts";
import { atEachRequest } from "../interleaving.ts";
import { startTencentStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof startTencentStage>>;

beforeAll(async () => {
  stage = await startTencentStage();
});
afterAll(() => stage.stop());

type Command = Parameters<typeof stage.callRested>[0];
const call = async (command: Command, body: unknown) =>
  (await stage.callRested(command, { body })).body;

const ok = { ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 };
const failed = (ErrorCode: number) => ({ ActionStatus: "FAIL", ErrorCode });

const gift = (GiftId: string) => ({ GiftId, Coins: 5, DefaultName: GiftId });
const addable = AddGift.parse(gift("any"));
const category = (CategoryId: string) => ({ CategoryId, DefaultName: CategoryId });

test("every configuration command is limited to one call a second", () => {
  const all = [addCategory, deleteCategory, getCategory, deleteCategoryText, getCategoryText];
  const more = [setCategoryText, addGift, deleteGift, getGift, deleteText, getText, setText];
  for (const { contract } of [...all, ...more, addRelations, deleteRelations, getRelations])
    expect(contract).toMatchObject({
      callsPerSecond: 1,
      grants: { write: expect.arrayContaining(["RATE"]), tencentSecret: true },
    });
});

test("a deleted gift is 102002, and can be added again without its texts", async () => {
  await call(addGift, gift("gone"));
  await call(setText, { GiftId: "gone", Language: "en", Name: "Gone" });
  expect(await call(deleteGift, { GiftId: "gone" })).toMatchObject(ok);
  expect(await call(getGift, { GiftId: "gone" })).toMatchObject(failed(102002));
  expect(await call(deleteGift, { GiftId: "gone" })).toMatchObject(failed(102002));
  expect(await call(addGift, gift("gone"))).toMatchObject(ok);
  expect(await call(getText, { GiftId: "gone", Language: "en" })).toMatchObject(failed(100002));
});

test("a gift that is changed while it is deleted is deleted, and one that is replaced is replaced", async () => {
  const now = new Date();
  const newTypeId = () => newId(now);
  for (const isDeleted of [true, false])
    await atEachRequest(async () => {
      const GiftId = newId(now).slice(0, 20);
      await recordAddedGift({ ...addable, GiftId }, newTypeId, now);
      const { id } = await getGiftTypeByAlias(GiftId);
      return {
        async act() {
          if (isDeleted) await deleteGiftByAlias(GiftId, now);
          else await recordAddedGift({ ...addable, GiftId, Coins: 7 }, newTypeId, now);
        },
        meanwhile: () =>
          changeStoredGiftType(id, (type) => ({ ...type, name: "Renamed" })).catch(() => {}),
        async check() {
          const type = await findGiftTypeByAlias(GiftId);
          expect(type?.creditAmount).toBe(isDeleted ? undefined : 7);
        },
      };
    });
});

const badGifts = [
  {},
  { GiftId: "x".repeat(21) },
  { GiftId: "" },
  { IconUrl: "x".repeat(201) },
  { ResourceUrl: 1 },
  { Coins: "5" },
  { Coins: 0 },
  { Coins: 1_000_000_001 },
  { Level: "1" },
  { ExtensionInfo: { a: 1 } },
  { ExtensionInfo: "x".repeat(101) },
  { DefaultName: "ä".repeat(11) },
  { DefaultName: " \t" },
  { DefaultDesc: "x".repeat(21) },
];
test("two equal changes of a gift type's GiftId at once both succeed", async () => {
  await atEachRequest(async () => {
    const now = new Date();
    const [GiftId, wanted] = [newId(now).slice(4), newId(now).slice(4)];
    await recordAddedGift({ ...addable, GiftId }, () => newId(now), now);
    const { id } = await getGiftTypeByAlias(GiftId);
    const change = () => changeStoredGiftType(id, (type) => ({ ...type, giftId: wanted }));
    return {
      act: change,
      meanwhile: change,
      check: async () => expect(await getGiftTypeByAlias(wanted)).toMatchObject({ id }),
    };
  });
});

test("add_gift refuses invalid fields", async () => {
  for (const fields of badGifts) {
    const body = Object.keys(fields).length === 0 ? {} : { ...gift("bad"), ...fields };
    expect(await call(addGift, body)).toMatchObject(failed(100002));
  }
  expect(await call(getGift, { GiftId: "bad" })).toMatchObject(failed(102002));
});

test("at most three categories exist; adding one again replaces it, and a deleted one makes room", async () => {
  for (const id of ["c1", "c2", "c3"])
    expect(await call(addCategory, category(id))).toMatchObject(ok);
  const fourth = await call(addCategory, category("c4"));
  expect(fourth).toMatchObject(failed(100002));
  expect(fourth.ErrorInfo).toMatch(/at most 3 categories/);
  const changed = { CategoryId: "c1", ExtensionInfo: "{}", DefaultName: "One", DefaultDesc: "d" };
  expect(await call(addCategory, changed)).toMatchObject(ok);
  expect((await call(getCategory, { CategoryId: "c1" })).GiftCategoryInfo).toEqual(changed);
  expect(await call(deleteCategory, { CategoryId: "c2" })).toMatchObject(ok);
  expect(await call(deleteCategory, { CategoryId: "c2" })).toMatchObject(failed(100002));
  expect(await call(getCategory, { CategoryId: "c2" })).toMatchObject(failed(100002));
  expect(await call(addCategory, category("c4"))).toMatchObject(ok);
  expect(await call(addCategory, { CategoryId: "c5" })).toMatchObject(failed(100002));
});

test("relations are added to existing ones, unknown gifts are reported, and deleted gifts removed", async () => {
  for (const id of ["g1", "g2", "g3"]) await call(addGift, gift(id));
  const relations = async () =>
    (await call(getRelations, { CategoryId: "c1" })).Relation?.GiftIdList;
  expect(await relations()).toEqual([]);
  const first = await call(addRelations, {
    CategoryId: "c1",
    GiftIdList: ["g1", "nothing", "g2", "g1"],
  });
  expect(first).toMatchObject({ ...ok, InvalidGiftIdList: ["nothing"] });
  const second = await call(addRelations, { CategoryId: "c1", GiftIdList: ["g3"] });
  expect(second).toMatchObject(ok);
  expect(second).not.toHaveProperty("InvalidGiftIdList");
  expect(await relations()).toEqual(["g1", "g2", "g3"]);
  await call(deleteGift, { GiftId: "g2" });
  expect(await relations()).toEqual(["g1", "g3"]);
  await call(addGift, gift("g2"));
  expect(await relations()).toEqual(["g1", "g3"]);
  const less = await call(deleteRelations, { CategoryId: "c1", GiftIdList: ["g1", "nothing"] });
  expect(less).toMatchObject(ok);
  expect(await relations()).toEqual(["g3"]);
  for (const command of [addRelations, deleteRelations]) {
    const unknown = await call(command, { CategoryId: "c9", GiftIdList: ["g1"] });
    expect(unknown).toMatchObject(failed(100002));
    const empty = await call(command, { CategoryId: "c1", GiftIdList: [] });
    expect(empty).toMatchObject(failed(100002));
  }
});

test("a gift that was just added can be related, even if a stale replica does not have it", async () => {
  await call(addGift, gift("early"));
  const early = await call(addRelations, { CategoryId: "c1", GiftIdList: ["early"] });
  expect(early).not.toHaveProperty("InvalidGiftIdList");
  const version = key.giftTypesVersion();
  const Item = await getRawItem(version, { consistent: true });
  await call(addGift, gift("late"));
  const undo = intercept(async ({ name, input }, next) => {
    const isStale = name === "GetCommand" && input.ConsistentRead !== true;
    const { PK } = (input.Key ?? {}) as { PK?: string };
    return isStale && PK === version.PK ? { ...(await next()), Item } : next();
  });
  try {
    const late = await call(addRelations, { CategoryId: "c1", GiftIdList: ["late"] });
    expect(late).toMatchObject(ok);
    expect(late).not.toHaveProperty("InvalidGiftIdList");
  } finally {
    undo();
  }
});

test("a gift that is added and related during another call with relations stays related", async () => {
  await call(addGift, gift("first"));
  const { PK, SK } = key.giftCategories();
  let isOver = false;
  const undo = intercept(async ({ name, input }, next) => {
    const read = (input.Key ?? {}) as { PK?: string; SK?: string };
    if (!isOver && name === "GetCommand" && read.PK === PK && read.SK === SK) {
      isOver = true;
      await call(addGift, gift("second"));
      await call(addRelations, { CategoryId: "c1", GiftIdList: ["second"] });
    }
    return next();
  });
  try {
    expect(await call(addRelations, { CategoryId: "c1", GiftIdList: ["first"] })).toMatchObject(ok);
  } finally {
    undo();
  }
  const { GiftIdList } = (await call(getRelations, { CategoryId: "c1" })).Relation;
  expect(GiftIdList).toEqual(expect.arrayContaining(["first", "second"]));
});

test("a replaced category keeps its gifts, and one that is added again has no earlier texts", async () => {
  const own = { CategoryId: "c4" };
  const languages = ["en", "zh-Hans", "zh-Hant"];
  await call(deleteCategory, own);
  await call(addGift, gift("kept"));
  expect(await call(addCategory, category("c4"))).toMatchObject(ok);
  await call(addRelations, { ...own, GiftIdList: ["kept"] });
  expect(await call(addCategory, { ...own, DefaultName: "New" })).toMatchObject(ok);
  expect((await call(getRelations, own)).Relation.GiftIdList).toEqual(["kept"]);
  for (const Language of languages)
    expect(await call(setCategoryText, { ...own, Language, CategoryName: "x" })).toMatchObject(ok);
  await call(deleteCategory, own);
  expect(await call(addCategory, category("c4"))).toMatchObject(ok);
  for (const Language of languages)
    expect(await call(getCategoryText, { ...own, Language })).toMatchObject(failed(100002));
  expect((await call(getRelations, own)).Relation.GiftIdList).toEqual([]);
});

test("a category's deletion that fails halfway can be repeated", async () => {
  const own = { CategoryId: "c4" };
  const english = { ...own, Language: "en" };
  for (let request = 1; ; request++) {
    await call(addCategory, category("c4"));
    await call(setCategoryText, { ...english, CategoryName: "Earlier" });
    let writes = 0;
    const undo = intercept(async ({ name }, next) => {
      if (name === "TransactWriteCommand" && ++writes === request)
        throw new Error("The process ends here");
      return next();
    });
    const { ErrorCode } = await call(deleteCategory, own);
    undo();
    const isDone = ErrorCode === 0;
    if (!isDone) expect(await call(deleteCategory, own)).toMatchObject(ok);
    await call(addCategory, category("c4"));
    expect(await call(getCategoryText, english)).toMatchObject(failed(100002));
    if (isDone) return expect(request).toBeGreaterThan(1);
  }
});

test("a gift's deletion that fails halfway can be repeated", async () => {
  for (let request = 1; ; request++) {
    await call(addGift, gift("half"));
    let writes = 0;
    const undo = intercept(async ({ name }, next) => {
      if (name === "TransactWriteCommand" && ++writes === request)
        throw new Error("The process ends here");
      return next();
    });
    const { ErrorCode } = await call(deleteGift, { GiftId: "half" });
    undo();
    if (ErrorCode === 0) return expect(request).toBeGreaterThan(1);
    expect(await call(deleteGift, { GiftId: "half" })).toMatchObject(ok);
  }
});

test("concurrent changes of the categories all count", async () => {
  await call(deleteCategory, { CategoryId: "c4" });
  expect(await call(addCategory, category("c4"))).toMatchObject(ok);
  const ids = ["g1", "g2", "g3", "g4"];
  for (const id of ids) await call(addGift, gift(id));
  const types = await Promise.all(ids.map((id) => getGiftTypeByAlias(id)));
  const add = (id: string) => changeCategories((was) => withRelations(was, "c4", [id], () => true));
  await Promise.all(types.map(({ id }) => add(id)));
  const { GiftIdList } = (await call(getRelations, { CategoryId: "c4" })).Relation;
  expect([...GiftIdList].sort()).toEqual(ids);
});

const texts = [
  {
    what: "gift",
    id: { GiftId: "worded" },
    set: setText,
    get: getText,
    remove: deleteText,
    name: "Name",
    desc: "Desc",
    inside: "GiftInfo",
    unknown: { id: { GiftId: "nothing" }, code: 102002 },
  },
  {
    what: "category",
    id: { CategoryId: "c1" },
    set: setCategoryText,
    get: getCategoryText,
    remove: deleteCategoryText,
    name: "CategoryName",
    desc: "CategoryDesc",
    inside: "CategoryInfo",
    unknown: { id: { CategoryId: "c9" }, code: 100002 },
  },
];
test.each(texts)(
  "texts of a $what may be set for some languages",
  async (of) => {
    if (of.what === "gift") await call(addGift, gift("worded"));
    const en = { ...of.id, Language: "en" };
    const nameless = await call(of.set, { ...en, [of.desc]: "d" });
    expect(nameless).toMatchObject(failed(100002));
    expect(nameless.ErrorInfo).toMatch(new RegExp(`^${of.name}: required`));
    expect(await call(of.get, en)).toMatchObject(failed(100002));

    const read = async () => (await call(of.get, en))[of.inside];
    expect(await call(of.set, { ...en, [of.name]: "Rose" })).toMatchObject(ok);
    expect(await read()).toEqual({ [of.name]: "Rose", [of.desc]: "" });
    expect(await call(of.set, { ...en, [of.desc]: "red" })).toMatchObject(ok);
    expect(await read()).toEqual({ [of.name]: "Rose", [of.desc]: "red" });
    expect(await call(of.set, { ...en, [of.name]: "Rosa" })).toMatchObject(ok);
    expect(await read()).toEqual({ [of.name]: "Rosa", [of.desc]: "red" });

    const hans = { ...of.id, Language: "zh-Hans" };
    expect(await call(of.get, hans)).toMatchObject(failed(100002));
    for (const Language of ["EN", "de", 1])
      expect(await call(of.get, { ...of.id, Language })).toMatchObject(failed(100002));
    expect(await call(of.remove, en)).toMatchObject(ok);
    expect(await call(of.get, en)).toMatchObject(failed(100002));
    const unknown = { ...of.unknown.id, Language: "en", [of.name]: "x" };
    for (const command of [of.set, of.get, of.remove])
      expect(await call(command, unknown)).toMatchObject(failed(of.unknown.code));
  },
  300_000,
);
