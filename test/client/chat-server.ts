import type { ChatMessage, Frame } from "../../client/index.ts";
import { streamId } from "./fake-socket.ts";

/** A message of this sender with this text. */
function messageOf(n: number, content = `${n}`, senderId = "ann"): ChatMessage {
  const at = new Date(1_790_000_000_000 + n * 10).toISOString();
  const _id = n.toString(16).padStart(24, "0");
  const sender = { _id: senderId } as ChatMessage["sender"];
  return { _id, streamId, content, sender, createdAt: at, updatedAt: at };
}

/** The chat of one stream as the HTTP API serves it: pages, newest first. */
export function createChat(count = 0) {
  let n = 0;
  const chat = {
    messages: [] as ChatMessage[],
    /** Paths that were requested. */
    reads: [] as string[],
    /** Responses to POSTs, in turn; without one the message is created. */
    answers: [] as ((said: { content: string }, key: string) => Response | Promise<Response>)[],
    /** Delays a response until it resolves; the response is computed before. */
    hold: undefined as Promise<void> | undefined,
    keys: [] as string[],
    say(content?: string, senderId?: string): ChatMessage {
      const message = messageOf(++n, content ?? `${n}`, senderId);
      chat.messages.push(message);
      return message;
    },
    remove(id: string): void {
      chat.messages = chat.messages.filter(({ _id }) => _id !== id);
    },
    fetch: (async (url: string, wish: RequestInit) => {
      if (wish.method === "POST") return answerPost(wish);
      chat.reads.push(url);
      const query = new URL(url).searchParams;
      const [page, limit] = [Number(query.get("page")), Number(query.get("limit"))];
      const newest = [...chat.messages].reverse();
      const messages = newest.slice((page - 1) * limit, page * limit);
      const answer = Response.json({ messages, total: newest.length });
      await chat.hold;
      return answer;
    }) as unknown as typeof fetch,
  };
  async function answerPost(wish: RequestInit): Promise<Response> {
    const key = new Headers(wish.headers).get("idempotency-key")!;
    chat.keys.push(key);
    const said = JSON.parse(String(wish.body));
    const answer = chat.answers.shift();
    if (answer !== undefined) return answer(said, key);
    return Response.json(chat.say(said.content.trim(), "me"), { status: 201 });
  }
  for (let at = 0; at < count; at++) chat.say();
  return chat;
}

type Data = Frame["events"][number];

export const said = (message: ChatMessage): Data => ({
  id: `said:${message._id}`,
  type: "chat.message",
  at: message.createdAt,
  data: message,
});

export const deleted = (messageId: string): Data => ({
  id: `deleted:${messageId}`,
  type: "chat.deleted",
  at: "",
  data: { messageId, streamId },
});

/** A frame as the server posts it. */
export const frameOf = (frame: number, events: Data[], epoch = "e"): Frame => ({
  type: "events",
  streamId,
  epoch,
  frame,
  viewers: 1,
  skipped: 0,
  events,
});
