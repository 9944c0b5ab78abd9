import type { ChatMessage, Client } from "../../client/index.ts";
import { showQuote } from "./rows.ts";
import type { Translator } from "./translations.ts";
import type { View } from "./view.ts";

const keptMax = 200;

/** Forgets the oldest of too many. */
function keepNewest(kept: Map<string, unknown> | Set<string>): void {
  for (const id of kept.keys()) if (kept.size > keptMax) kept.delete(id);
}

type Own = { client: Client; streamId: string; view: View; translator: Translator };

/** What replies answer to: from the rows that are there, or else asked for once. */
export function createQuotes({ client, streamId, view, translator }: Own) {
  const asked = new Map<string, Promise<ChatMessage | undefined>>();
  /** Messages that are quoted no more, though the server may still have them. */
  const gone = new Set<string>();

  function ask(messageId: string): Promise<ChatMessage | undefined> {
    const path = { streamId, messageId };
    return client
      .call("GET /api/v1/live-stream/{streamId}/chat/messages/{messageId}", { path })
      .catch(() => undefined);
  }

  return {
    /** Fills the quote of a reply's row; `known` is the message, if a row shows it. */
    async show(row: HTMLElement, id: string, known: ChatMessage | undefined): Promise<void> {
      if (known !== undefined) return showQuote(row, id, known, translator);
      const answer = asked.get(id) ?? ask(id);
      asked.set(id, answer);
      keepNewest(asked);
      const message = await answer;
      showQuote(row, id, gone.has(id) ? undefined : message, translator);
    },
    /** A message has gone: those that quote it show it no more. */
    remove(id: string): void {
      gone.add(id);
      keepNewest(gone);
      showQuote(view.log.list, id, undefined, translator);
    },
  };
}
