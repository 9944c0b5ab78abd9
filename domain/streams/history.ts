import * as z from "zod";
import { MessageId } from "../id.ts";
import { eitherPageOrCursor, eitherPageOrCursorError, pageOrCursor, rowsLimit } from "../page.ts";
import { rowsOf } from "../text.ts";
import { ChatMessage } from "./chat.ts";

/** A page of the history, in a shape that only the chat uses. */
export const History = z
  .object({
    messages: rowsOf(ChatMessage),
    page: z.number().int(),
    limit: z.number().int(),
    total: z.number().int(),
    totalPages: z.number().int(),
    hasNextPage: z.boolean(),
    hasPreviousPage: z.boolean(),
    nextCursor: MessageId.nullable().meta({ description: "The `after` of the next page" }),
  })
  .meta({ id: "ChatHistory" });

/** The page of the history: by its number, or by a cursor, which new messages do not shift. */
export const HistoryQuery = z
  .object({ ...pageOrCursor(MessageId), limit: rowsLimit(100, 30) })
  .refine(eitherPageOrCursor, eitherPageOrCursorError);
export type HistoryQuery = z.output<typeof HistoryQuery>;

/** A page of the history with its position among all pages. */
export function historyOf(
  messages: z.infer<typeof ChatMessage>[],
  limit: number,
  { skipped, total }: { skipped: number; total: number },
): z.infer<typeof History> {
  const totalPages = Math.ceil(total / limit);
  const hasNextPage = skipped + limit < total;
  return {
    messages,
    page: Math.floor(skipped / limit) + 1,
    limit,
    total,
    totalPages,
    hasNextPage,
    hasPreviousPage: skipped > 0,
    nextCursor: hasNextPage ? (messages.at(-1)?._id ?? null) : null,
  };
}
