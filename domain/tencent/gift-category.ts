import * as z from "zod";
import { refuse } from "../refusal.ts";
import { byteName, byteText, shownText } from "../text.ts";

/** The largest number of gift categories of an application. */
const categoriesMax = 3;
/** The largest number of gifts in one category. */
export const relationsMax = 500;

export const CategoryId = byteText(1, 20);

/** The body of add_gift_category. Limits are in UTF-8 bytes, as in the reference. */
export const NewCategory = z.object({
  CategoryId,
  ExtensionInfo: byteText(0, 100).default(""),
  DefaultName: byteName(1, 20),
  DefaultDesc: byteText(0, 60).default(""),
});
export type NewCategory = z.output<typeof NewCategory>;

/** A category as get_gift_category returns it. */
export const GiftCategoryInfo = z.object({
  CategoryId: shownText(20),
  ExtensionInfo: shownText(100),
  DefaultName: shownText(20),
  DefaultDesc: shownText(60),
});

/** All categories with their gift types: few enough for one item. */
export const Categories = z.array(GiftCategoryInfo.extend({ giftTypeIds: z.array(z.string()) }));
export type Categories = z.infer<typeof Categories>;
export type Category = Categories[number];

/** The category with this id; refuses with `category_not_found`. */
export function categoryOf(categories: Categories, categoryId: string): Category {
  const category = categories.find(({ CategoryId: id }) => id === categoryId);
  return category ?? refuse("category_not_found", { categoryId });
}

/** Adds a category. An existing one is replaced and keeps its gifts. */
export function addCategory(categories: Categories, added: NewCategory): Categories {
  const was = categories.find(({ CategoryId: id }) => id === added.CategoryId);
  if (was !== undefined)
    return categories.map((category) => (category === was ? { ...was, ...added } : category));
  if (categories.length >= categoriesMax) refuse("too_many_categories", { max: categoriesMax });
  return [...categories, { ...added, giftTypeIds: [] }];
}

/** Removes a category; refuses with `category_not_found`. */
export function removeCategory(categories: Categories, categoryId: string): Categories {
  const category = categoryOf(categories, categoryId);
  return categories.filter((other) => other !== category);
}

/** Adds gift types to a category, and removes deleted ones. */
export function addRelations(
  categories: Categories,
  categoryId: string,
  giftTypeIds: readonly string[],
  isKnown: (giftTypeId: string) => boolean,
): Categories {
  return changeRelations(categories, categoryId, (was) => {
    const all = [...new Set([...was.filter(isKnown), ...giftTypeIds])];
    if (all.length > relationsMax) refuse("too_many_relations", { max: relationsMax });
    return all;
  });
}

/** Removes gift types from a category; others are ignored. */
export const removeRelations = (
  categories: Categories,
  categoryId: string,
  giftTypeIds: readonly string[],
): Categories =>
  changeRelations(categories, categoryId, (was) => was.filter((id) => !giftTypeIds.includes(id)));

function changeRelations(
  categories: Categories,
  categoryId: string,
  change: (giftTypeIds: string[]) => string[],
): Categories {
  const category = categoryOf(categories, categoryId);
  return categories.map((other) =>
    other === category ? { ...category, giftTypeIds: change(category.giftTypeIds) } : other,
  );
}
