import { OvationError } from "./error.ts";
import type { ChatMessage } from "./event-data.ts";
import { makeKey } from "./http.ts";
import type { Frame } from "./message.ts";

/** `key`: your own Idempotency-Key, to repeat the message safely. */
export type SendMessageOptions = { replyTo?: string; key?: string };

/** A message of the user that is not in the chat yet. */
export type PendingMessage = {
  /** The Idempotency-Key of all attempts, so that the message is sent once. */
  readonly key: string;
  readonly content: string;
  readonly replyTo: string | undefined;
  /** When it was first sent, by this machine's clock (ISO 8601). */
  readonly createdAt: string;
  readonly status: "pending" | "sent" | "failed";
  /** Why it failed: an `OvationError`, or the error of `token()`. */
  readonly error: unknown;
  /** The message created by the newest attempt; rejects with `error`. */
  readonly sent: Promise<ChatMessage>;
  /** Sends a failed message again, with the same key. */
  retry(): Promise<ChatMessage>;
  /** Removes a failed message. */
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
  /**
   * A frame's message with the same author and text. It is assumed to be this item until the
   * response names the id of the item's message.
   */
  match: ChatMessage | undefined;
};

/** Number of remembered ids of sent messages: their frames confirm no other message. */
const settledMax = 100;

type Post = (item: { content: string; replyTo?: string }, key: string) => Promise<ChatMessage>;

/** Called when the list has changed, with a message whose response came before its frame. */
type Listener = (sent?: ChatMessage) => void;

const looksLike = (item: Item, { content, replyTo }: ChatMessage) =>
  item.match === undefined && item.content.trim() === content && item.replyTo === replyTo;

/** Whether a call that failed may have sent its message. */
const isUnclear = (error: unknown) => error instanceof OvationError && error.key !== undefined;

/** Finds the item that a frame's message is assumed to be, one in flight first. */
function recognize(items: Map<Item, PendingMessage>, message: ChatMessage): void {
  const like = [...items.keys()].filter((one) => looksLike(one, message));
  const pending = like.find(({ status }) => status === "pending");
  if (pending !== undefined) {
    pending.match = message;
    return;
  }
  const failed = like.find(({ error }) => isUnclear(error));
  if (failed === undefined) return;
  // The message was sent. Listeners are not notified: they handle the same frame.
  const sent = Promise.resolve(message);
  Object.assign(failed, { status: "sent", error: undefined, sent });
  items.delete(failed);
}

/**
 * The user's messages in one stream that are not in its chat yet. If a frame arrives before the
 * response, its message with the same author and text is assumed to be the pending one until the
 * response names its id. Without a response the assumption decides, even after a failure.
 */
export function createOutbox(post: Post, userId: () => string | undefined) {
  const items = new Map<Item, PendingMessage>();
  let settled: string[] = [];
  const listeners = new Set<Listener>();
  const notify = (sent?: ChatMessage) => {
    for (const listener of [...listeners]) listener(sent);
  };

  function settle(item: Item, sent: ChatMessage): ChatMessage {
    item.status = "sent";
    items.delete(item);
    settled = [...settled, sent._id].slice(-settledMax);
    // A frame's message was matched to another item with the same text: swap the matches.
    for (const other of items.keys()) if (other.match?._id === sent._id) other.match = item.match;
    notify(sent);
    return sent;
  }

  async function attempt(item: Item): Promise<ChatMessage> {
    const { content, replyTo, key } = item;
    try {
      return settle(item, await post({ content, ...(replyTo !== undefined && { replyTo }) }, key));
    } catch (error) {
      // No response confirms the message, but a frame contains it, so it was sent.
      if (isUnclear(error) && item.match !== undefined) return settle(item, item.match);
      Object.assign(item, { status: "failed", error, match: undefined });
      notify();
      throw error;
    }
  }

  function start(item: Item): Promise<ChatMessage> {
    Object.assign(item, { status: "pending", error: undefined });
    item.sent = attempt(item);
    // Callers that ignore the promise read `status`.
    item.sent.catch(() => {});
    notify();
    return item.sent;
  }

  return {
    send(content: string, { replyTo, key = makeKey() }: SendMessageOptions = {}): PendingMessage {
      const createdAt = new Date().toISOString();
      const item: Item = {
        key,
        content,
        replyTo,
        createdAt,
        status: "pending",
        error: undefined,
        match: undefined,
        sent: undefined as never,
      };
      const pending: PendingMessage = {
        key,
        content,
        replyTo,
        createdAt,
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
          if (item.status === "failed" && items.delete(item)) notify();
        },
      };
      items.set(item, pending);
      void start(item);
      return pending;
    },
    /** Messages that neither a frame nor a response has shown, in the order of sending. */
    list: () =>
      [...items].flatMap(([{ match }, pending]) => (match === undefined ? [pending] : [])),
    /**
     * Handles a frame: messages it contains are no longer pending when the listeners are called.
     */
    show({ events }: Frame): void {
      const own = userId();
      for (const event of own === undefined || items.size === 0 ? [] : events) {
        if (event.type !== "chat.message" || event.data.sender._id !== own) continue;
        if (settled.includes(event.data._id)) continue;
        recognize(items, event.data);
      }
    },
    /** Returns a function that stops listening. */
    listen(listener: Listener): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    isEmpty: () => items.size === 0,
  };
}

export type Outbox = ReturnType<typeof createOutbox>;
