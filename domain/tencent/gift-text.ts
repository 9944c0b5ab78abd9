import * as z from "zod";
import { byteName, byteText } from "../text.ts";

/** The languages of texts in the Tencent API. */
export const languages = ["en", "zh-Hans", "zh-Hant"] as const;

export const Language = z.enum(languages, { error: `expected ${languages.join(", ")}` });
export type Language = z.infer<typeof Language>;

/** Name and description of a gift or category, in UTF-8 bytes. */
export const TextName = byteName(1, 20);
export const GiftDesc = byteText(0, 20);
export const CategoryDesc = byteText(0, 60);

/** A change of a text; omitted fields keep their value. */
export type TextChange = { name: string | undefined; desc: string | undefined };

/** A text as stored. */
export const GiftText = z.object({ name: z.string(), desc: z.string() });
export type GiftText = z.infer<typeof GiftText>;
