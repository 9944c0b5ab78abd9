import { OvationError } from "./error.ts";
import type { ChatMessage } from "./event-data.ts";
import { makeKey } from "./http.ts";
import type { Frame } from "./message.ts";

/** What is said with a message. `key`: your own Idempotency-Key, to be able to repeat it. */
export type SendMessageOptions = { replyTo?: string; key?: string };

/** A message of the user on its way into the chat. */
export type PendingMessage = {
  /** The Idempotency-Key of all its tries, so that it is said once. */
  readonly key: string;
  readonly content: string;
  readonly replyTo: string | undefined;
  /** When it was sent first, by this machine's clock (ISO 8601). */
  readonly createdAt: string;
  readonly status: "pending" | "sent" | "failed";
  /** Why it failed: an `OvationError`, or what `token()` threw. */
  readonly error: unknown;
  /** The message of the newest try; rejects with `error`. */
  readonly sent: Promise<ChatMessage>;
  /** Sends what failed once more, under the same key. */
  retry(): Promise<ChatMessage>;
  /** Forgets what failed. */
  discard(): void;
};

type Item = {
  key: string;
  content: string;
  replyTo: string | undefined;
  createdAt: string;
  status: PendingMessage["status"];
  error: unknown;
  sent: Promise<ChatMessage>;
  /** A message of a frame that looks like it, until the answer tells. */
  look: ChatMessage | undefined;
};

type Post = (item: { content: string; replyTo?: string }, key: string) => Promise<ChatMessage>;

/** Hears that the list has changed, and of a message that was answered before its frame came. */
type Listener = (sent?: ChatMessage) => void;

const looksLike = (item: Item, { content, replyTo }: ChatMessage) =>
  item.status === "pending" &&
  item.look === undefined &&
  item.content.trim() === content &&
  item.replyTo === replyTo;

/**
 * The user's messages in one stream that are not in its chat yet. A frame may show one before its
 * answer is here: what has its author and its text counts as it until the answer says which it was.
 */
export function createOutbox(post: Post, userId: () => string | undefined) {
  const items = new Map<Item, PendingMessage>();
  const listeners = new Set<Listener>();
  const tell = (sent?: ChatMessage) => {
    for (const listener of [...listeners]) listener(sent);
  };

  function settle(item: Item, sent: ChatMessage): ChatMessage {
    item.status = "sent";
    items.delete(item);
    tell(sent);
    return sent;
  }

  async function attempt(item: Item): Promise<ChatMessage> {
    const { content, replyTo, key } = item;
    try {
      return settle(item, await post({ content, ...(replyTo !== undefined && { replyTo }) }, key));
    } catch (error) {
      // No answer says so, but a frame has: it was said.
      const isUnclear = error instanceof OvationError && error.key !== undefined;
      if (isUnclear && item.look !== undefined) return settle(item, item.look);
      Object.assign(item, { status: "failed", error, look: undefined });
      tell();
      throw error;
    }
  }

  function start(item: Item): Promise<ChatMessage> {
    Object.assign(item, { status: "pending", error: undefined });
    item.sent = attempt(item);
    // Callers that ignore the promise look at the status.
    item.sent.catch(() => {});
    tell();
    return item.sent;
  }

  return {
    send(content: string, { replyTo, key = makeKey() }: SendMessageOptions = {}): PendingMessage {
      const createdAt = new Date().toISOString();
      const item: Item = {
        ...{ key, content, replyTo, createdAt, status: "pending", error: undefined },
        ...{ look: undefined, sent: undefined as never },
      };
      const pending: PendingMessage = {
        ...{ key, content, replyTo, createdAt },
        get status() {
          return item.status;
        },
        get error() {
          return item.error;
        },
        get sent() {
          return item.sent;
        },
        retry: () => (item.status === "failed" && items.has(item) ? start(item) : item.sent),
        discard() {
          if (item.status === "failed" && items.delete(item)) tell();
        },
      };
      items.set(item, pending);
      void start(item);
      return pending;
    },
    /** Those that neither a frame nor an answer has shown, in the order of sending. */
    list: () => [...items].flatMap(([{ look }, pending]) => (look === undefined ? [pending] : [])),
    /** A frame comes: what it shows of these is no longer pending when its listeners are called. */
    hear({ events }: Frame): void {
      const own = userId();
      for (const event of own === undefined || items.size === 0 ? [] : events) {
        if (event.type !== "chat.message" || event.data.sender._id !== own) continue;
        const item = [...items.keys()].find((one) => looksLike(one, event.data));
        if (item !== undefined) item.look = event.data;
      }
    },
    /** Answers how to stop. */
    listen(listener: Listener): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    isEmpty: () => items.size === 0,
  };
}

export type Outbox = ReturnType<typeof createOutbox>;
