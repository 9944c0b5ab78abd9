import { type ChatMessage, type Client, OvationError } from "../../client/index.ts";
import { showQuote } from "./rows.ts";
import type { Translator } from "./translations.ts";
import type { View } from "./view.ts";

const keptMax = 200;

/** Drops the oldest entries beyond the limit. */
function keepNewest(kept: Map<string, unknown> | Set<string>): void {
  for (const id of kept.keys()) if (kept.size > keptMax) kept.delete(id);
}

type Own = { client: Client; streamId: string; view: View; translator: Translator };

/** The messages that replies quote: from rows in the list, or read once. */
export function createQuotes({ client, streamId, view, translator }: Own) {
  const asked = new Map<string, Promise<ChatMessage | undefined>>();
  /** Messages that must no longer be quoted, although the server may still return them. */
  const gone = new Set<string>();

  /** Only a 404 says that a message is gone; after another failure the next reply asks again. */
  async function ask(messageId: string): Promise<ChatMessage | undefined> {
    const path = { streamId, messageId };
    try {
      const route = "GET /api/v1/live-stream/{streamId}/chat/messages/{messageId}";
      return await client.call(route, { path });
    } catch (error) {
      if (error instanceof OvationError && error.statusCode === 404) return undefined;
      asked.delete(messageId);
      throw error;
    }
  }

  return {
    /** Fills the quote of a reply's row; `known` is the message, if a row shows it. */
    async show(row: HTMLElement, id: string, known: ChatMessage | undefined): Promise<void> {
      if (known !== undefined) return showQuote(row, id, known, translator);
      const answer = asked.get(id) ?? ask(id);
      asked.set(id, answer);
      keepNewest(asked);
      await answer.then(
        (message) => showQuote(row, id, gone.has(id) ? undefined : message, translator),
        () => {},
      );
    },
    /** A message is back: replies quote it again. */
    restore(message: ChatMessage): void {
      if (gone.delete(message._id)) showQuote(view.log.list, message._id, message, translator);
    },
    /** A message was deleted: replies no longer quote it. */
    remove(id: string): void {
      gone.add(id);
      keepNewest(gone);
      showQuote(view.log.list, id, undefined, translator);
    },
  };
}
