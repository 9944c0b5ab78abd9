import { refuse } from "../../../domain/refusal.ts";
import {
  GiftText,
  type Language,
  languages,
  type TextChange,
} from "../../../domain/tencent/gift-text.ts";
import { deleteItem, getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";

/** The owner of a text: a gift type by its own id, or a category by its CategoryId. */
type TextOwner = { of: "gift" | "category"; id: string };

const keyOf = ({ of, id }: TextOwner, language: Language) => key.giftText(of, id, language);

/**
 * Records a text in one language; omitted fields keep their value. The first text needs a name:
 * refuses with `text_name_missing`, where `field` is the caller's name for it.
 */
export async function recordText(
  owner: TextOwner,
  language: Language,
  { name, desc }: TextChange,
  field: string,
): Promise<void> {
  const failed = await commitTransaction([
    {
      Update: {
        Key: keyOf(owner, language),
        UpdateExpression: `SET #name = ${name === undefined ? "#name" : ":name"}, #desc = ${
          desc === undefined ? "if_not_exists(#desc, :desc)" : ":desc"
        }`,
        ...(name === undefined && { ConditionExpression: "attribute_exists(#name)" }),
        ExpressionAttributeNames: { "#name": "name", "#desc": "desc" },
        ExpressionAttributeValues: {
          ...(name !== undefined && { ":name": name }),
          ":desc": desc ?? "",
        },
      },
    },
  ]);
  if (failed !== undefined) refuse("text_name_missing", { field, language });
}

/** The text in one language; refuses with `text_not_found`. */
export async function getText(owner: TextOwner, language: Language): Promise<GiftText> {
  return (
    (await getItem(GiftText, keyOf(owner, language), { consistent: true })) ??
    refuse("text_not_found", { language })
  );
}

/** The deletion of an owner's texts in all languages. */
export const textDeletions = (owner: TextOwner): Action[] =>
  languages.map((language) => ({ Delete: { Key: keyOf(owner, language) } }));

/** Deletes the text in one language; a missing one is ignored. */
export const deleteText = (owner: TextOwner, language: Language): Promise<void> =>
  deleteItem(keyOf(owner, language));
