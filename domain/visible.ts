/**
 * Emoji are the one place where invisible characters belong (UTS 51): joined pictures, the selector
 * of the coloured form, and the three flags that are written in tags.
 */
const picture = String.raw`\p{Extended_Pictographic}(?:\u{FE0F}|\p{Emoji_Modifier})?`;
const tagged = (region: string) =>
  [...region].map((char) => `\\u{${(0xe0000 + char.charCodeAt(0)).toString(16)}}`).join("");
const flag = `\\u{1F3F4}(?:${["gbeng", "gbsct", "gbwls"].map(tagged).join("|")})\\u{E007F}`;
const emoji = String.raw`${flag}|${picture}(?:\u{200D}${picture})*|[0-9#*]\u{FE0F}?\u{20E3}`;

/**
 * What nobody sees, or what changes the direction of what follows: Unicode's format characters (Cf)
 * and its Default_Ignorable_Code_Point, line and paragraph separators, and the blank Braille
 * pattern.
 */
const unseen = String.raw`[\p{Cf}\p{Default_Ignorable_Code_Point}\u{2028}\u{2029}\u{2800}]`;

const emojiOrUnseen = new RegExp(`(${emoji})|${unseen}`, "gu");
const anyUnseen = new RegExp(unseen, "gu");

/** The text without invisible and direction-changing characters; emoji stay whole. */
export const visible = (value: string) => value.replace(emojiOrUnseen, "$1");

/** Whether text holds no invisible or direction-changing character outside of emoji. */
export const isVisible = (value: string) => visible(value) === value;

/** The text without any invisible character: for comparing, where emoji need not stay whole. */
export const withoutUnseen = (value: string) => value.replace(anyUnseen, "");
